"""A saved estimator is an artifact, and loads again; so do the artifacts of jobs and of the original."""

import json
import re
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linear_learner import LinearLearnerClassifier, LinearLearnerRegressor
from tests.contract.example import DATA
from tests.estimators.examples import AMOUNTS_X, NAMES, NUMBERS, X, fit_amounts, fit_quickly, run_command
from tests.estimators.inputs.tables import make_table

FILES = ["additional-params.json", "manifest.json", "model_algo-1", "mx-mod-0000.params", "mx-mod-symbol.json"]


@pytest.mark.parametrize("name", ["m", "new/m", "m.tar.gz", "m.tgz"])
@pytest.mark.parametrize("convert", [str, Path])
def test_what_was_saved_answers_the_same(tmp_path: Path, name: str, convert: Any) -> None:
    estimator = fit_quickly(y=NAMES)
    estimator.save(convert(tmp_path / name))
    loaded = LinearLearnerClassifier.load(convert(tmp_path / name))
    np.testing.assert_array_equal(loaded.classes_, estimator.classes_)
    np.testing.assert_array_equal(loaded.predict(X), estimator.predict(X))
    np.testing.assert_array_equal(loaded.predict_proba(X), estimator.predict_proba(X))
    assert (loaded.threshold_, loaded.n_features_in_) == (estimator.threshold_, 30)
    assert [path.name for path in tmp_path.iterdir()] == [name.split("/")[0]]


def test_the_columns_of_a_table_are_saved(tmp_path: Path) -> None:
    table, labels = make_table()
    estimator = fit_quickly(table, labels)
    estimator.save(tmp_path / "m")
    loaded = LinearLearnerClassifier.load(tmp_path / "m")
    assert (loaded.feature_names_in_.tolist(), loaded.n_features_in_) == (["town", "age"], 2)
    np.testing.assert_array_equal(loaded.predict_proba(table), estimator.predict_proba(table))


def test_classes_load_as_what_they_were(tmp_path: Path) -> None:
    for labels in (NAMES, NUMBERS == 1, 2 * NUMBERS - 1, NUMBERS):
        estimator = fit_quickly(y=labels, positive_label=np.unique(labels)[0])
        estimator.save(tmp_path / "m")
        loaded = LinearLearnerClassifier.load(tmp_path / "m")
        assert (loaded.predict(X) == estimator.predict(X)).all()
        assert loaded.classes_.tolist() == np.unique(labels).tolist()


def test_settings_that_a_model_keeps_are_parameters_again(tmp_path: Path) -> None:
    fit_quickly(loss="hinge_loss", margin=2.0, f_beta=0.5).save(tmp_path / "m")
    loaded = LinearLearnerClassifier.load(tmp_path / "m")
    assert (loaded.loss, loaded.margin, loaded.f_beta) == ("hinge_loss", 2.0, 0.5)
    loaded.set_params(epochs=1, num_models=1).fit(X, NUMBERS)


def test_a_later_model_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    fit_quickly().save(tmp_path / "m")
    (tmp_path / "m" / "notes.txt").write_text("mine")
    fit_amounts().save(tmp_path / "m")
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == sorted([*FILES, "notes.txt"])
    assert LinearLearnerRegressor.load(tmp_path / "m").predict(AMOUNTS_X).shape == (442,)


def test_an_archive_is_that_of_a_job(tmp_path: Path) -> None:
    fit_quickly().save(tmp_path / "m.tar.gz")
    with tarfile.open(tmp_path / "m.tar.gz") as archive:
        assert archive.getnames() == FILES


def test_the_packages_of_jobs_and_of_the_original_load(tmp_path: Path) -> None:
    estimator = fit_quickly()
    estimator.save(tmp_path / "m")
    loaded = LinearLearnerClassifier.load(tmp_path / "m" / "model_algo-1")
    np.testing.assert_allclose(loaded.predict_proba(X), estimator.predict_proba(X), atol=1e-6)
    assert loaded.classes_.tolist() == [0, 1]


@pytest.mark.processes
def test_commands_take_what_was_saved(tmp_path: Path) -> None:
    rows = np.loadtxt(DATA / "test.csv", delimiter=",")
    estimator = fit_quickly(rows[:, 1:], rows[:, 0].astype(int))
    estimator.save(tmp_path / "m")
    found = json.loads(run_command("evaluate", tmp_path / "m", DATA / "test.csv", "--json"))
    cut = estimator.predict_proba(rows[:, 1:])[:, 1] >= estimator.threshold_
    assert found["binary_classification_accuracy"] == (cut == rows[:, 0]).mean()


@pytest.mark.processes
@pytest.mark.parametrize(("labels", "positive"), [(NUMBERS, 0), (2 * NUMBERS - 1, ""), (2 - NUMBERS, 1)], ids=str)
def test_classes_that_are_numbers_are_evaluated_as_they_are_in_rows(
    tmp_path: Path, labels: Any, positive: int | str
) -> None:
    estimator = fit_quickly(y=labels, positive_label=positive)
    estimator.save(tmp_path / "m")
    np.savetxt(tmp_path / "rows.csv", np.column_stack([labels, X]), delimiter=",")
    found = json.loads(run_command("evaluate", tmp_path / "m", tmp_path / "rows.csv", "--json"))
    lines = run_command("predict", tmp_path / "m", tmp_path / "rows.csv").splitlines()[1:]
    predicted = np.array([int(line.split(",")[0]) for line in lines])
    assert found["binary_classification_accuracy"] == (predicted == labels).mean() > 0.8


@pytest.mark.processes
def test_a_file_is_predicted_by_the_names_of_classes_and_the_threshold(tmp_path: Path) -> None:
    estimator = fit_quickly(y=NAMES)
    estimator.save(tmp_path / "m")
    np.savetxt(tmp_path / "rows.csv", X, delimiter=",")
    header, *lines = run_command("predict", tmp_path / "m", tmp_path / "rows.csv").splitlines()
    scores = estimator.predict_proba(X)[:, 1]
    assert header == "predicted_label,score"
    assert [line.split(",")[0] for line in lines] == [
        *estimator.classes_[(scores.astype(np.float32) >= estimator.threshold_).astype(int)]
    ]
    np.testing.assert_allclose([float(line.split(",")[1]) for line in lines], scores, atol=1e-6)


def test_what_was_not_fitted_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not fitted"):
        LinearLearnerClassifier().save(tmp_path / "m")
    assert [*tmp_path.iterdir()] == []


def test_a_model_of_another_kind_says_who_loads_it(tmp_path: Path) -> None:
    fit_quickly().save(tmp_path / "m")
    with pytest.raises(ValueError, match=r"m holds a binary_classifier: load it by LinearLearnerClassifier\.load"):
        LinearLearnerRegressor.load(tmp_path / "m")


def test_where_there_is_no_model_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"There is nothing at .*/m; expected a folder with a model"):
        LinearLearnerClassifier.load(tmp_path / "m")
    with pytest.raises(ValueError, match=f"{re.escape(str(tmp_path))}: No model found: expected"):
        LinearLearnerClassifier.load(tmp_path)
    (tmp_path / "rows.csv").write_text("1,2\n")
    with pytest.raises(ValueError, match=r"rows\.csv: model_algo-1 cannot be read as a zip"):
        LinearLearnerClassifier.load(tmp_path / "rows.csv")
    (tmp_path / "additional-params.json").write_text(json.dumps({}))
    with pytest.raises(ValueError, match="No model found"):
        LinearLearnerClassifier.load(str(tmp_path))
