"""What programs answer that read what is exported."""

import csv
import json
import math
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime
from sklearn import linear_model, svm

from linear_learner.exporting.to_onnx import to_onnx
from linear_learner.exporting.to_sklearn import to_sklearn
from linear_learner.exporting.to_sql import to_sql
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.columns.dates import parse_dates
from open_algorithms.learning.columns.encode import read_numbers
from open_algorithms.learning.columns.recipe import DateColumn, NumberColumn, Recipe
from open_algorithms.learning.columns.values import as_texts, distinct_texts
from open_algorithms.learning.types.arrays import AnyArray, Floats
from tests.linear_learner.exporting.tables import Table, make_arrays
from tests.page import read_blocks

Answer = dict[str, AnyArray]
Columns = Mapping[str, Sequence[Any]]  # values of any type by column, None where missing
SNIPPET = read_blocks("py", "commands.md")["Raw columns in Python"]
KINDS = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(string)": np.object_}


def assert_alike(found: Mapping[str, AnyArray], wanted: Mapping[str, AnyArray]) -> None:
    assert found.keys() == wanted.keys()
    np.testing.assert_allclose(found["score"], wanted["score"], rtol=1e-6, atol=1e-6)
    if "predicted_label" in wanted:
        np.testing.assert_array_equal(found["predicted_label"], wanted["predicted_label"])


def connect_sqlite() -> sqlite3.Connection:
    """Return an empty database, with the functions of mathematics where SQLite was built without them."""
    base = sqlite3.connect(":memory:")
    try:
        base.execute("SELECT EXP(0), FLOOR(0)")
    except sqlite3.OperationalError:
        base.create_function("EXP", 1, lambda x: None if x is None else math.exp(x))
        base.create_function("FLOOR", 1, lambda x: None if x is None else math.floor(x))
    return base


def quote_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def ask_sqlite(query: str, columns: Columns) -> dict[str, list[Any]]:
    """Return the columns of the answer to a query over the table `raw`, whose columns have no type."""
    base = connect_sqlite()
    base.execute(f"CREATE TABLE raw (id, {', '.join(map(quote_name, columns))})")
    rows = zip(range(len(next(iter(columns.values())))), *columns.values(), strict=True)
    base.executemany(f"INSERT INTO raw VALUES ({', '.join('?' * (1 + len(columns)))})", rows)
    cursor = base.execute(query)
    names, answers = [column[0] for column in cursor.description], cursor.fetchall()
    base.close()
    assert names[: 1 + len(columns)] == ["id", *columns]
    assert [answer[0] for answer in answers] == list(range(len(answers)))
    return {name: [answer[place] for answer in answers] for place, name in enumerate(names)}


def by_sql(model: LinearModel, columns: Columns) -> Answer:
    found = ask_sqlite(to_sql(model, "raw").decode(), columns)
    own = {name.removeprefix("linear_learner_"): values for name, values in found.items() if name not in columns}
    scores = np.array([values for name, values in own.items() if name.startswith("score")], np.float64).T
    label = {name: np.array(values) for name, values in own.items() if name == "predicted_label"}
    return {"score": scores if model.outputs > 1 else scores[:, 0], **label}


def by_onnx(model: LinearModel, columns: Table) -> Answer:
    assert model.recipe is not None
    return run_graph(to_onnx(model), make_inputs(model.recipe, columns))


def run_graph(content: bytes, inputs: Answer) -> Answer:
    """Return the outputs of a graph by their names, without the prefix that an input of the same name brings about."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    fed = {one.name: inputs[one.name].astype(KINDS[one.type]) for one in session.get_inputs()}
    names = [output.name for output in session.get_outputs()]
    found = zip(names, session.run(names, fed), strict=True)
    return {name.removeprefix("linear_learner_"): values for name, values in found}


def make_inputs(recipe: Recipe, columns: Table) -> Answer:
    """Return what the inputs of a graph take for a table: numbers, days, and texts without white space around."""
    arrays, inputs = make_arrays(columns), dict[str, AnyArray]()
    for column, _, _ in recipe.encoded_columns:
        name = column.name
        if isinstance(column, NumberColumn):
            inputs[name] = read_numbers(name, arrays[name], column.notation)
        elif isinstance(column, DateColumn):
            texts, places = distinct_texts(as_texts(arrays[name]))
            inputs[name] = parse_dates(texts, column.form).days[places]
        else:
            inputs[name] = np.array([(text or "").strip() for text in columns[name]], np.object_)
    return inputs


def by_python(model: LinearModel, columns: Table) -> Answer:
    """Encode rows as the program on the page does, and ask an estimator of scikit-learn."""
    content, before = to_sklearn(model), SNIPPET.partition("with open")[0]
    with TemporaryDirectory() as folder, chdir(folder):
        Path("model.json").write_bytes(content)
        names: dict[str, Any] = {}
        exec(before, names)
    rows = [dict(zip(columns, map(write_cell, row), strict=True)) for row in zip(*columns.values(), strict=True)]
    return by_sklearn(content, np.array([names["encode"](row) for row in rows]))


def by_snippet(model: LinearModel, columns: Table, folder: Path) -> Answer:
    """Run the whole program on the page, which scores the rows of a file by a binary classifier."""
    (folder / "model.json").write_bytes(to_sklearn(model))
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *zip(*columns.values(), strict=True)])
    names: dict[str, Any] = {}
    with chdir(folder):
        exec(SNIPPET, names)
    return {"score": 1 / (1 + np.exp(-names["margins"][:, 0]))}


def write_cell(value: str | None) -> str:
    """Return a value as the reader of a CSV file has it."""
    return value or ""


def by_sklearn(content: bytes, X: Floats) -> Answer:
    found = json.loads(content)
    estimator = getattr(svm if found["estimator"] == "LinearSVC" else linear_model, found["estimator"])()
    for name, value in found.items():
        if name.endswith("_") and name != "feature_names_in_":  # with which scikit-learn warns of rows without names
            setattr(estimator, name, np.array(value))
    wide, threshold = X.astype(np.float64), found.get("threshold")
    if found["estimator"] == "LinearRegression":
        return {"score": estimator.predict(wide)}
    if found["estimator"] == "LinearSVC":
        return {"score": estimator.decision_function(wide) + threshold, "predicted_label": estimator.predict(wide)}
    score = estimator.predict_proba(wide)
    if threshold is None:
        return {"score": score, "predicted_label": estimator.predict(wide)}
    labels = np.array(found["classes_"])[(score[:, 1] >= threshold).astype(int)]
    return {"score": score[:, 1], "predicted_label": labels}
