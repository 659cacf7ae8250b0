"""What is exported answers as the model does."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from benchmarks.data import FOLDER
from linear_learner.artifact.read import load_model
from linear_learner.exporting.cut import float64_threshold, lowest_positive_margin
from linear_learner.exporting.to_onnx import to_onnx
from linear_learner.exporting.to_sklearn import to_sklearn
from linear_learner.exporting.to_sql import to_sql
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.types.arrays import Floats
from tests.commands.command import Command
from tests.linear_learner.artifacts import KINDS, artifact_files, draw_model, draw_rows, write_files
from tests.linear_learner.exporting.engines import Answer, assert_alike, by_sklearn, connect_sqlite

RUN = FOLDER / "golden" / "attrition"


def by_onnx(content: bytes, X: Floats) -> Answer:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"features": X}), strict=True))


def by_sql(content: bytes, X: Floats, names: list[str] | None = None) -> Answer:
    table = connect_sqlite()
    columns = names or [f"f{i}" for i in range(X.shape[1])]
    quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in ("id", *columns))
    table.execute(f"CREATE TABLE features ({quoted})")
    table.executemany(
        f"INSERT INTO features VALUES ({', '.join('?' * (1 + len(columns)))})",
        [(number, *map(float, row)) for number, row in enumerate(X)],
    )
    cursor = table.execute(content.decode())
    found = [column[0] for column in cursor.description]
    answers = cursor.fetchall()
    assert found[: 1 + len(columns)] == ["id", *columns]
    assert [answer[0] for answer in answers] == list(range(len(X)))
    columns = [name for name in found if name.startswith("score")]
    score = np.array([[answer[found.index(name)] for name in columns] for answer in answers], np.float64)
    answer: Answer = {"score": score[:, 0] if columns == ["score"] else score}
    if "predicted_label" in found:
        answer["predicted_label"] = np.array([answer[found.index("predicted_label")] for answer in answers])
    return answer


FORMS: dict[str, tuple[Callable[[LinearModel], bytes], Callable[[bytes, Floats], Answer]]] = {
    "onnx": (to_onnx, by_onnx),
    "sklearn": (to_sklearn, by_sklearn),
    "sql": (lambda model: to_sql(model, "features"), by_sql),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("predictor", "loss"), KINDS)
def test_every_kind_of_model_gives_the_scores_and_labels_of_the_server(form: str, predictor: str, loss: str) -> None:
    make, ask = FORMS[form]
    model = draw_model(predictor, loss)
    X = np.concatenate([draw_rows(), np.zeros((1, 5), np.float32)])
    assert_alike(ask(make(model), X), model.predict(X))


@pytest.mark.parametrize("form", FORMS)
def test_two_classes_of_a_multiclass_classifier_do(form: str) -> None:
    make, ask = FORMS[form]
    model = draw_model("multiclass_classifier")
    model = replace(model, weight=model.weight[:, :2], bias=model.bias[:2])
    X = draw_rows()
    assert_alike(ask(make(model), X), model.predict(X))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("predictor", ["binary_classifier", "multiclass_classifier"])
def test_features_far_from_0_keep_the_digits_of_the_others(form: str, predictor: str) -> None:
    make, ask = FORMS[form]
    model = draw_model(predictor)
    model = replace(model, bias=model.bias - 1e6 * model.weight[0].astype(np.float64))
    model = replace(model, bias=model.bias.astype(np.float32))
    X = draw_rows()
    X[:, 0] += np.float32(1e6)
    assert_alike(ask(make(model), X), model.predict(X))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("predictor", "outputs"), [("binary_classifier", 1), ("multiclass_classifier", 3)])
def test_margins_of_any_size_neither_overflow_nor_underflow(form: str, predictor: str, outputs: int) -> None:
    make, ask = FORMS[form]
    weight = np.linspace(1, 2, outputs, dtype=np.float32)[None, :]
    model = LinearModel(predictor, draw_model(predictor).loss_type, weight, np.zeros(outputs, np.float32), 0.4)
    X = np.array([[-1e30], [-1000], [-710], [-90], [0], [90], [710], [1000], [1e30]], np.float32)
    assert_alike(ask(make(model), X), model.predict(X))


@pytest.mark.parametrize("form", ["onnx", "sql"])
@pytest.mark.parametrize("loss", ["logistic", "hinge_loss"])
@pytest.mark.parametrize("threshold", [0.4, 0.0, 1.0, 2.0, -1.0, float(np.float32(0.7))])
def test_the_label_turns_at_the_very_margin_where_the_servers_does(form: str, loss: str, threshold: float) -> None:
    make, ask = FORMS[form]
    model = LinearModel("binary_classifier", loss, np.ones((1, 1), np.float32), np.zeros(1, np.float32), threshold)
    edge = lowest_positive_margin(model)
    near = [np.nextafter(edge, np.float32(end)) for end in (-np.inf, np.inf)] if np.isfinite(edge) else []
    X = np.array([edge, *near, -50, 50], np.float32)
    X = X[np.isfinite(X)][:, None]
    wanted = model.predict(X)["predicted_label"]
    assert ask(make(model), X)["predicted_label"].tolist() == wanted.tolist()
    assert (X[:, 0] >= float64_threshold(model)).tolist() == wanted.tolist()


@pytest.mark.shared
@pytest.mark.parametrize("form", FORMS)
def test_amazons_own_model_does(form: str) -> None:
    make, ask = FORMS[form]
    model = load_model(RUN / "model_algo-1")
    table = np.loadtxt(RUN / "train.csv", delimiter=",", dtype=np.float32)
    X, y = np.ascontiguousarray(table[:, 1:]), table[:, 0]
    found = ask(make(model), X)
    assert_alike(found, model.predict(X))
    assert (found["predicted_label"] == y).sum() == 4657  # as the log of the original says


def test_onnx_says_what_the_graph_does_not() -> None:
    model = replace(draw_model(), names=("a", "b", "é", "d", 'e"'))
    made = onnx.load_from_string(to_onnx(model))
    found = {entry.key: entry.value for entry in made.metadata_props}
    assert json.loads(found.pop("feature_names")) == list(model.names)
    assert found == {
        "producer": "open-linear-learner",
        "predictor_type": "binary_classifier",
        "loss": "logistic",
        "threshold": "0.4",
    }


def test_a_model_that_onnx_cannot_hold_is_refused() -> None:
    weight = np.broadcast_to(np.float32(0), (600_000_000, 1))
    with pytest.raises(InputError, match="2 GB"):
        to_onnx(LinearModel("regressor", "squared_loss", weight, np.zeros(1, np.float32)))


def test_sql_takes_any_name_and_passes_every_column_through() -> None:
    names = ['say "no"', "select", "ü ; --", "linear_learner_margin", "f'0"]
    model = replace(draw_model(), names=tuple(names))
    X = draw_rows()
    assert_alike(by_sql(to_sql(model, "features"), X, names), model.predict(X))


@pytest.mark.parametrize("predictor", ["binary_classifier", "multiclass_classifier"])
def test_sql_of_a_wide_model_stays_within_what_databases_allow_and_leaves_out_zeros(predictor: str) -> None:
    model = draw_model(predictor, features=784)
    model.weight[::2] = 0
    content = to_sql(model, "features")
    assert b'"f1"' in content
    assert b'"f2"' not in content
    X = draw_rows(784)
    assert_alike(by_sql(content, X), model.predict(X))


@pytest.mark.parametrize("predictor", ["regressor", "binary_classifier", "multiclass_classifier"])
def test_sql_says_nothing_of_a_row_that_lacks_a_feature(predictor: str) -> None:
    X = draw_rows()[:1]
    X[0, 2] = np.nan  # which SQLite stores as NULL
    answer: Answer = by_sql(to_sql(draw_model(predictor), "features"), X)
    assert np.isnan(answer["score"]).all()
    assert answer.get("predicted_label", np.array([None])).tolist() == [None]


def test_a_file_is_replaced_as_a_whole_and_devices_are_written_to(command: Command, tmp_path: Path) -> None:
    model, out = write_files(tmp_path, artifact_files(draw_model())), tmp_path / "model.onnx"
    out.write_text("what was there before")
    assert command("export", model, "--to", "onnx", "--out", out).status == 0
    onnx.checker.check_model(str(out))
    assert command("export", model, "--to", "onnx", "--out", "/dev/full") == (
        1,
        "",
        "linear_learner: /dev/full cannot be written: No space left on device.\n",
    )
    assert Path("/dev/full").is_char_device()
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_json_and_sql_go_to_stdout_and_onnx_to_a_file_only(command: Command, tmp_path: Path) -> None:
    model = write_files(tmp_path, artifact_files(draw_model()))
    assert json.loads(command("export", model, "--to", "sklearn").out)["n_features_in_"] == 5
    assert 'FROM "my table"' in command("export", model, "--to", "sql", "--table", "my table").out
    status, out, complaint = command("export", model, "--to", "onnx")
    assert (status, out) == (2, "")
    assert "--out FILE" in complaint


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("predictor", ["regressor", "binary_classifier", "multiclass_classifier"])
def test_a_model_of_features_far_from_0_is_exported_as_exactly(form: str, predictor: str) -> None:
    offset = np.array([0, 1.6e9, 0, 0, 0])
    model = draw_model(predictor).absorb_shift(-offset)
    X = draw_rows().astype(np.float64) + offset
    to, by = FORMS[form]
    np.testing.assert_allclose(by(to(model), X)["score"], model.predict(X)["score"], rtol=1e-5, atol=1e-6)
