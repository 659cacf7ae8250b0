"""What is exported of a model of raw columns begins with these, and answers as the model does."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow
import pytest
from pyarrow import csv

from benchmarks.data import FOLDER
from linear_learner.exporting.to_onnx import to_onnx
from linear_learner.exporting.to_sklearn import to_sklearn
from linear_learner.exporting.to_sql import to_sql
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.columns.notation import Notation
from open_algorithms.learning.columns.recipe import (
    BooleanColumn,
    CategoryColumn,
    DateColumn,
    NumberColumn,
    Recipe,
    Target,
)
from open_algorithms.learning.columns.wishes import ColumnWishes
from tests.linear_learner.exporting.engines import (
    Answer,
    Columns,
    ask_sqlite,
    assert_alike,
    by_onnx,
    by_python,
    by_snippet,
    by_sql,
    make_inputs,
    run_graph,
)
from tests.linear_learner.exporting.tables import Table, answer_table, draw_raw_model, draw_table, survey_table

FORMS: dict[str, Callable[[LinearModel, Table], Answer]] = {"onnx": by_onnx, "python": by_python, "sql": by_sql}
KINDS = [
    ("regressor", "squared_loss", ()),
    ("binary_classifier", "logistic", ()),
    ("binary_classifier", "logistic", ("bad", 'o\'k "ü"')),
    ("binary_classifier", "hinge_loss", (7.0, 3.0)),
    ("multiclass_classifier", "softmax_loss", ("a", "b'c", "ü")),
    ("multiclass_classifier", "softmax_loss", (-1.0, 0.5, 3.0)),
    ("multiclass_classifier", "softmax_loss", ("no", "yes")),
]
CLASSES: dict[str, tuple[str | float, ...]] = {
    "regressor": (),
    "binary_classifier": ("no", "yes"),
    "multiclass_classifier": ("a", "b", "c"),
}
UNREAD_BY_STRPTIME = ("letter", "clock", "quarter")  # the dates that the program on the page cannot read
TABLES = ("ames", "credit", "hotel", "loans", "penguins", "telco", "titanic")
DRAWN = draw_table()


@cache
def survey_drawn() -> Recipe:
    return survey_table(DRAWN, ColumnWishes(has_target=False))


def draw_of(*columns: str, predictor: str = "binary_classifier") -> LinearModel:
    """Return a model of some of the drawn columns."""
    kept = {column.name: column for column in survey_drawn().columns}
    return draw_raw_model(
        Recipe(tuple(kept[name] for name in columns), Target("label", CLASSES[predictor])), DRAWN, predictor
    )


def take_columns(*names: str, table: Columns = DRAWN) -> dict[str, Sequence[Any]]:
    return {name: table[name] for name in names}


def name_labels(model: LinearModel, answer: Answer) -> Answer:
    """Return an answer with classes by their names."""
    assert model.recipe is not None
    assert model.recipe.target is not None
    classes = model.recipe.target.classes
    if not classes or "predicted_label" not in answer:
        return answer
    return answer | {"predicted_label": np.array(classes)[answer["predicted_label"].astype(int)]}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("predictor", "loss", "classes"), KINDS)
def test_every_kind_of_column_and_model_gives_the_scores_and_labels_of_the_server(
    form: str, predictor: str, loss: str, classes: tuple[str | float, ...]
) -> None:
    left_out = UNREAD_BY_STRPTIME if form == "python" else ()
    columns = tuple(column for column in survey_drawn().columns if column.name not in left_out)
    model = draw_raw_model(Recipe(columns, Target("label", classes)), DRAWN, predictor, loss)
    for table in (DRAWN, draw_table()):  # the other has levels and months that the recipe has not
        assert_alike(FORMS[form](model, table), name_labels(model, answer_table(model, table)))


def test_the_program_on_the_page_scores_a_file(tmp_path: Path) -> None:
    names = ("price", "member", "score", "day", "moment", "american")
    model = draw_of(*names)
    wanted = answer_table(model, DRAWN)["score"]
    assert_alike(by_snippet(model, take_columns(*names), tmp_path), {"score": wanted})


def test_sql_reads_columns_of_the_type_that_suits_them() -> None:
    names = ("since", "price", "share", "balance", "member", "flag", "score", "day", "moment", "quarter")
    model = draw_of(*names)
    texts = take_columns(*names)
    inputs = make_inputs(survey_drawn(), DRAWN)
    numbers = {
        name: [None if np.isnan(number) else number for number in inputs[name].tolist()]
        for name in ("since", "price", "share", "balance")
    }
    typed = {
        **texts,
        **numbers,
        "member": [{"yes": 1, "no": 0}.get((text or "").lower()) for text in texts["member"]],
        "flag": [text == "True" for text in texts["flag"]],  # which SQLite stores as 0 and 1
        "score": [{"1": 1.0, "2.5": 2.5}.get(text, text) for text in texts["score"]],
        "moment": [text.replace("T", " ").replace("Z", "+00") for text in texts["moment"]],  # as of a TIMESTAMP
        "quarter": [f"{text[:4]}-{3 * int(text[-1]) - 2:02}-01" for text in texts["quarter"]],  # as of a DATE
    }
    assert_alike(by_sql(model, typed), name_labels(model, answer_table(model, texts)))


@pytest.mark.parametrize("predictor", CLASSES)
@pytest.mark.parametrize(
    ("column", "text"), [("member", "perhaps"), ("day", "yesterday"), ("clock", "noon"), ("american", "13/13/18")]
)
def test_sql_says_nothing_of_a_row_that_the_server_would_refuse(predictor: str, column: str, text: str) -> None:
    names = ("member", "day", "clock", "american")
    row = {name: [text if name == column else DRAWN[name][0]] for name in names}
    answer = by_sql(draw_of(*names, predictor=predictor), row)
    assert np.isnan(answer["score"]).all()
    assert answer.get("predicted_label", np.array([None])).tolist() == [None]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.234", 1234),
        ("-123.456", -123456),
        ("\N{MINUS SIGN}1.234,5", -1234.5),
        ("7", 7),
    ],
)
def test_sql_tells_points_between_digits_from_decimal_points(text: str, number: float) -> None:
    column = NumberColumn("n", 0.0, notation=Notation(",", "."))
    model = LinearModel("regressor", "squared_loss", np.ones((1, 1)), np.zeros(1), recipe=Recipe((column,)))
    assert by_sql(model, {"n": [text]})["score"].tolist() == [number]
    assert answer_table(model, {"n": [text]})["score"].tolist() == [np.float32(number)]


def test_sql_takes_any_name_and_asks_for_no_column_of_weight_0() -> None:
    names = ("score", "linear_learner_margin", "f'\"0", "unused")
    categories = (CategoryColumn(name, ("a", "it's"), True) for name in names)
    recipe = Recipe((*categories, DateColumn("unused date", "2018-03-15", 0.0)), Target("Predicted_Label"))
    table: Table = {**{name: ["a", "it's", "other", None] for name in names}, "unused date": ["2018-03-15"] * 4}
    model = draw_raw_model(recipe, table, "binary_classifier")
    model.weight[0] = 0  # of a level, which is not one of the others for that
    model.weight[-4:] = 0
    found = ask_sqlite(to_sql(model, "raw").decode(), take_columns(*names[:-1], table=table))
    assert [*found][-2:] == ["linear_learner__score", "linear_learner__predicted_label"]
    np.testing.assert_allclose(found["linear_learner__score"], answer_table(model, table)["score"], rtol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_thousands_of_levels_and_classes_that_are_numbers_do(form: str) -> None:
    levels = tuple(f"level {number}" for number in range(4000))
    recipe = Recipe(
        (CategoryColumn("c", levels, True, True), CategoryColumn("d", (), True, True)), Target("label", (2.0, 4.0, 8.0))
    )
    table: Table = {"c": ["level 0", "level 3999", "level 1234", "level 4000", None], "d": ["x", None, "n/a", "y", ""]}
    model = draw_raw_model(recipe, table, "multiclass_classifier")
    assert_alike(FORMS[form](model, table), name_labels(model, answer_table(model, table)))


@pytest.mark.parametrize(
    ("level", "texts"),
    [("1", ["1", "1.0", "1.00"]), ("2.5", ["2.5", "2.50"]), ("007", ["007"]), ("-3", ["-3", "-3.0"])],
)
@pytest.mark.parametrize("form", ["onnx", "sql"])
def test_a_level_that_is_a_number_may_be_written_as_databases_do(form: str, level: str, texts: list[str]) -> None:
    recipe = Recipe((CategoryColumn("c", (level, "7"), True, False),), Target("label"))
    table = {"c": [*texts, "other"]}
    model = draw_raw_model(recipe, table, "regressor")
    found = FORMS[form](model, table)
    assert_alike(found, answer_table(model, table))
    assert len(set(found["score"].tolist())) == 2


def test_onnx_says_what_its_inputs_take() -> None:
    model = draw_of("size (cm)", "price", "flag", "day", "score")
    made = onnx.load_from_string(to_onnx(model))
    found = {entry.key: entry.value for entry in made.metadata_props}
    assert json.loads(found["classes"]) == ["no", "yes"]
    assert json.loads(found["inputs"]) == {
        "size (cm)": "number; NaN where it is missing",
        "price": "number, which texts write in $, with ',' between digits; NaN where it is missing",
        "flag": "text, true or false, or yes or no; empty where it is missing",
        "day": "days since 1970-01-01, with the time as a fraction, not text like 2018-03-15; NaN where it is missing",
        "score": "text without white space at its ends; empty where it is missing",
    }
    assert {opset.domain: opset.version for opset in made.opset_import} == {"": 17, "ai.onnx.ml": 3}


def test_an_input_of_onnx_may_be_called_as_an_output_or_as_a_value_within() -> None:
    names = ("score", "predicted_label", "weight", "linear_learner_weight", "linear_learner_score")
    recipe = Recipe(tuple(BooleanColumn(name, 0.5) for name in names), Target("label"))
    table: Table = {name: ["true", "false", None] for name in names}
    model = draw_raw_model(recipe, table, "binary_classifier")
    made = onnx.load_from_string(to_onnx(model))
    assert [one.name for one in made.graph.input] == [*names]
    assert [one.name for one in made.graph.output] == ["linear_learner__score", "linear_learner__predicted_label"]
    session_answer = run_graph(to_onnx(model), make_inputs(recipe, table))
    np.testing.assert_allclose(session_answer["_score"], answer_table(model, table)["score"], rtol=1e-6)


@pytest.mark.parametrize(("column", "value"), [("flag", "perhaps"), ("price", np.inf), ("since", 1e39)])
def test_onnx_has_no_score_for_what_the_server_would_refuse(column: str, value: str | float) -> None:
    model = draw_of("flag", "price", "since")
    assert model.recipe is not None
    inputs = {name: values[:2] for name, values in make_inputs(model.recipe, DRAWN).items()}
    inputs[column] = np.array([value, inputs[column][1]], inputs[column].dtype)
    assert np.isnan(run_graph(to_onnx(model), inputs)["score"]).tolist() == [True, False]


def test_scikit_learn_is_told_how_each_column_becomes_features() -> None:
    model = draw_of("price", "score", "day")
    found = json.loads(to_sklearn(model))
    assert [encoder["name"] for encoder in found["encoders"]] == ["price", "score", "day"]
    assert found["classes_"] == ["no", "yes"]
    assert "the predicted label is yes where" in found["note"]


def read_table(path: Path) -> Table:
    """Return a CSV file as texts."""
    names = csv.open_csv(path).schema.names
    options = csv.ConvertOptions(column_types=dict.fromkeys(names, pyarrow.string()), strings_can_be_null=False)
    table: Table = csv.read_csv(path, convert_options=options).to_pydict()
    return table


@pytest.mark.shared
@pytest.mark.parametrize("name", TABLES)
def test_tables_of_real_data_do(name: str) -> None:
    folder = FOLDER / "data" / "tables"
    about = json.loads((folder / "peers.json").read_text())[name]
    train, test = (read_table(folder / name / f"{split}.csv") for split in ("train", "test"))
    class_count = {"binary_classifier": 2, "multiclass_classifier": 3}.get(about["kind"])
    recipe = survey_table(train, ColumnWishes(about["target"], class_count=class_count))
    model = draw_raw_model(recipe, train, about["kind"])
    wanted = name_labels(model, answer_table(model, test))
    for ask in FORMS.values():
        assert_alike(ask(model, take_columns(*recipe.needed_names, table=test)), wanted)
