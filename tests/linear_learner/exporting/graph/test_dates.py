"""A graph finds month, weekday and hour of days since 1970-01-01."""

from collections.abc import Callable

import numpy as np
import onnxruntime
from onnx import helper

from linear_learner.exporting.graph.dates import hour_of, month_of, weekday_of
from linear_learner.exporting.graph.parts import DOUBLE, GraphParts
from linear_learner.exporting.graph.values import Value
from linear_learner.exporting.to_onnx import IR_VERSION, OPSET
from open_algorithms.learning.types.arrays import Float64s


def calculate(find: Callable[[Value], Value], days: Float64s) -> list[float]:
    graph = GraphParts(inputs={"days": (DOUBLE, ["N"])}, outputs={"found": (DOUBLE, ["N"])})
    graph.add_node("Identity", find(Value(graph, "days")).name, "found")
    opsets = [helper.make_opsetid("", OPSET)]
    made = helper.make_model(graph.make_graph(), ir_version=IR_VERSION, opset_imports=opsets)
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    found: list[float] = session.run(None, {"days": days})[0].tolist()
    return found


def test_every_day_has_its_month_and_weekday() -> None:
    dates = np.arange("1582-01-01", "2402-01-01", dtype="datetime64[D]")
    days = dates.astype(np.int64)
    months = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    assert calculate(month_of, days + 0.99999) == months.tolist()
    assert calculate(weekday_of, days + 0.99999) == ((days + 3) % 7).tolist()


def test_every_second_of_a_day_has_its_hour() -> None:
    seconds = np.arange(86_400)
    for day in (-140_000, -1, 0, 17_000, 150_000):
        assert calculate(hour_of, day + seconds / 86_400) == (seconds // 3600).tolist()
    assert calculate(hour_of, np.array([1 - 1e-12])) == [23]
