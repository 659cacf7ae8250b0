"""Export a model as an ONNX graph with the same answers as the server.

Tests: tests/commands/test_export.py, tests/linear_learner/exporting/test_raw_columns.py.
"""

import json
from collections.abc import Sequence

import numpy as np

from linear_learner.exporting.columns.places import find_all_places
from linear_learner.exporting.cut import lowest_positive_margin
from linear_learner.exporting.graph.columns import add_columns, describe_input
from linear_learner.exporting.graph.parts import DOUBLE, FLOAT, INT64, ML_DOMAIN, STRING, GraphParts
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.types.arrays import AnyArray

PRODUCER = "open-linear-learner"
OPSET, ML_OPSET, IR_VERSION = 17, 3, 8  # old enough for the runtimes of 2022
MOST_BYTES = 2**31 - 2**20  # of one protobuf message, in which little but weights and names takes room
LINKS = {"logistic": ("Sigmoid", {}), "softmax_loss": ("Softmax", {"axis": -1})}


def to_onnx(model: LinearModel) -> bytes:
    """Write the graph: input `features`, or raw columns; outputs `score` and, of a classifier, `predicted_label`.

    As in the server the margin is summed in float64 and rounded to float32, and the score is a float32 of it.
    """
    try:
        import onnx
        from onnx import helper
    except ImportError:
        raise InputError(f"the package onnx is missing, which writes ONNX: pip install '{PRODUCER}[onnx]'.") from None
    if 4 * model.weight.size > MOST_BYTES:
        raise InputError(
            f"the model's {model.weight.size:,} weights are more than a file of ONNX holds, which is 2 GB; expected at "
            f"most {MOST_BYTES // 4:,}."
        )
    recipe = model.recipe
    graph = GraphParts() if recipe is None else GraphParts(*name_values(recipe.needed_names))
    total = add_features(graph, model) if recipe is None else add_columns(graph, model, recipe)
    add_answers(graph, model, total)
    opsets = [helper.make_opsetid("", OPSET), *([] if recipe is None else [helper.make_opsetid(ML_DOMAIN, ML_OPSET)])]
    made = helper.make_model(graph.make_graph(), producer_name=PRODUCER, ir_version=IR_VERSION, opset_imports=opsets)
    helper.set_model_props(made, graph_properties(model))
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())


def name_values(inputs: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Return what the names of values begin with, beside those of inputs, and the names of the outputs."""
    prefix = "linear_learner_"
    while any(name.startswith(prefix) for name in inputs):
        prefix += "_"
    return prefix, {name: prefix + name if name in inputs else name for name in ("score", "predicted_label")}


def add_features(graph: GraphParts, model: LinearModel) -> str:
    """Add the input `features` and the nodes from there to the margins as doubles, whose name is returned."""
    weight = np.asarray(model.weight, np.float32)
    graph.arrays |= {"weight": weight if model.outputs > 1 else weight[:, 0], "bias": model.bias}
    graph.inputs["features"] = (DOUBLE if model.exact else FLOAT, ["N", model.feature_dim])
    for name in ("features", "weight", "bias"):
        graph.add_cast(name, f"wide_{name}", DOUBLE)
    graph.add_node("MatMul", "wide_features", "wide_weight", "product")
    graph.add_node("Add", "product", "wide_bias", "sum")
    return "sum"


def add_answers(graph: GraphParts, model: LinearModel, total: str) -> None:
    """Add the outputs, and the nodes from the margins to them."""
    graph.outputs["score"] = (FLOAT, ["N", model.outputs] if model.outputs > 1 else ["N"])
    margin = "score"
    if model.loss_type in LINKS:
        operator, attributes = LINKS[model.loss_type]
        margin = "margin"
        graph.add_cast(total, margin, FLOAT)
        graph.add_cast(margin, "wide_margin", DOUBLE)
        graph.add_node(operator, "wide_margin", "wide_score", **attributes)
        graph.add_cast("wide_score", "score", FLOAT)
    else:
        graph.add_cast(total, margin, FLOAT)
    if model.predictor_type == "regressor":
        return
    names = model.classes
    label = "class" if names else "predicted_label"
    if model.predictor_type == "multiclass_classifier":
        graph.add_node("ArgMax", "score", label, axis=1, keepdims=0)
    else:
        graph.arrays["lowest_positive"] = np.array(lowest_positive_margin(model), np.float32)
        graph.add_node("GreaterOrEqual", margin, "lowest_positive", "positive")
        graph.add_cast("positive", label, INT64)
    kind = INT64
    if names:
        kind, graph.arrays["classes"] = class_array(names)
        graph.add_node("Gather", "classes", label, "predicted_label")
    graph.outputs["predicted_label"] = (kind, ["N"])


def class_array(names: Sequence[str | float]) -> tuple[str, AnyArray]:
    """Return the type of classes, and the classes: texts, whole numbers or others."""
    if isinstance(names[0], str):
        return STRING, np.array(names, object)
    numbers = np.array(names, np.float64)
    return (DOUBLE, numbers) if (numbers % 1).any() else (INT64, numbers.astype(np.int64))


def graph_properties(model: LinearModel) -> dict[str, str]:
    """Return the metadata of the graph."""
    known = {"producer": PRODUCER, "predictor_type": model.predictor_type, "loss": model.loss_type}
    if model.predictor_type == "binary_classifier":
        known["threshold"] = repr(model.threshold)
    if model.names:
        known["feature_names"] = json.dumps(list(model.names), ensure_ascii=False)
    if names := model.classes:
        known["classes"] = json.dumps(list(names), ensure_ascii=False)
    if model.recipe is not None:
        inputs = {places.column.name: describe_input(places.column) for places in find_all_places(model.recipe)}
        known["inputs"] = json.dumps(inputs, ensure_ascii=False)
    return known
