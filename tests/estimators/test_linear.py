"""What the estimators of Linear Learner learn, and how they answer."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

import linear_learner
from linear_learner import LinearLearnerClassifier, LinearLearnerRegressor
from linear_learner.artifact.read import load_model
from tests.estimators.examples import (
    AMOUNTS,
    AMOUNTS_X,
    NAMES,
    NUMBERS,
    QUICK,
    X,
    fit_amounts,
    fit_quickly,
    name_features,
    train_on_file,
    weight_bits,
)

FLOWERS_X, FLOWERS = load_iris(return_X_y=True)
SPECIES = np.array(["setosa", "versicolor", "virginica"])[FLOWERS]
TOP = Path(__file__).parents[2]


def run_job(folder: Path, X: Any, y: Any, **hyperparameters: Any) -> Any:
    """Train on a file by the command line, and return the model."""
    return load_model(train_on_file(folder, X, y, **hyperparameters))


@pytest.mark.processes
@pytest.mark.parametrize("holdout", [0, 0.2])
def test_it_learns_bit_by_bit_what_a_job_of_the_command_line_does(tmp_path: Path, holdout: float) -> None:
    there = run_job(tmp_path, X, NUMBERS, predictor_type="binary_classifier", holdout=holdout, **QUICK)
    here = fit_quickly(name_features(X), holdout=holdout).model_
    assert (there.weight.tobytes(), there.bias.tobytes()) == (here.weight.tobytes(), here.bias.tobytes())
    assert (there.threshold, there.names, there.metrics_params) == (here.threshold, here.names, here.metrics_params)


@pytest.mark.processes
def test_a_frame_with_texts_is_learned_as_the_same_table_in_a_file(tmp_path: Path) -> None:
    import pyarrow

    generator = np.random.default_rng(3)
    town = generator.choice(["Bern", "Basel", "Ulm"], 400)
    age = generator.normal(40, 9, 400).round(1)
    when = np.datetime64("2024-01-01") + generator.integers(0, 300, 400)
    bought = np.where((age > 40) ^ (town == "Ulm"), "yes", "no")
    frame = pyarrow.table({"f0": town, "f1": age, "f2": when})
    there = run_job(tmp_path, np.column_stack([town, age.astype(object), when.astype(str)]), bought, seed=1, **QUICK)
    here = fit_quickly(frame, bought, seed=1).model_
    assert here.recipe is not None
    assert (here.recipe.columns, here.classes) == (there.recipe.columns, there.classes)
    assert (there.weight.tobytes(), there.bias.tobytes()) == (here.weight.tobytes(), here.bias.tobytes())


@pytest.mark.processes
@pytest.mark.parametrize("holdout", [0, 0.2])
def test_weights_of_a_column_in_a_file_are_those_that_fit_is_given(tmp_path: Path, holdout: float) -> None:
    import pyarrow

    generator = np.random.default_rng(4)
    town, age = generator.choice(["Bern", "Basel", "Ulm"], 400), generator.normal(40, 9, 400).round(1)
    bought, weights = np.where((age > 40) ^ (town == "Ulm"), "yes", "no"), generator.integers(0, 9, 400) / 7
    columns = np.column_stack([town, age.astype(object), weights.astype(object)])
    there = run_job(tmp_path, columns, bought, weight="f2", holdout=holdout, **QUICK)
    frame = pyarrow.table({"f0": town, "f1": age})
    here = fit_quickly(frame, bought, sample_weight=weights, holdout=holdout).model_
    assert (there.weight.tobytes(), there.bias.tobytes()) == (here.weight.tobytes(), here.bias.tobytes())
    assert there.threshold == here.threshold
    assert there.weight.tobytes() != fit_quickly(frame, bought, holdout=holdout).model_.weight.tobytes()


def test_sparse_rows_are_learned_as_dense_ones() -> None:
    generator = np.random.default_rng(1)
    dense = generator.normal(size=(600, 20)) * (generator.random((600, 20)) < 0.3)
    labels = (dense @ generator.normal(size=20) > 0).astype(int)
    expected = fit_quickly(dense, labels, unbias_data=False)
    for form in (sparse.csr_matrix, sparse.csc_array, sparse.coo_array, sparse.lil_matrix):
        found = fit_quickly(form(dense), labels, unbias_data=False)
        np.testing.assert_allclose(found.coef_, expected.coef_, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(found.decision_function(form(dense)), found.decision_function(dense), atol=1e-12)


def test_sparse_rows_may_have_wide_indices_in_any_order_and_twice() -> None:
    rows = sparse.csr_array(X)
    twice = (np.repeat(rows.data / 2, 2)[::-1], np.repeat(rows.indices, 2)[::-1].astype(np.int64))
    odd = sparse.csr_array((*twice, 2 * (rows.nnz - rows.indptr[::-1].astype(np.int64))), rows.shape)
    before = odd.data.copy()
    expected = fit_quickly(X[::-1])
    assert weight_bits(fit_quickly(odd, validation=None)) == weight_bits(fit_quickly(sparse.csr_array(X[::-1])))
    np.testing.assert_allclose(expected.decision_function(odd), expected.decision_function(X[::-1]), atol=1e-9)
    np.testing.assert_array_equal(odd.data, before)


@pytest.mark.parametrize(
    "labels", [NAMES, NAMES.astype(object), NUMBERS == 1, 2 * NUMBERS - 1, NUMBERS + 1.0, NUMBERS.astype(float)]
)
def test_labels_of_any_kind_are_learned_as_their_numbers(labels: NDArray[Any]) -> None:
    numbers = np.searchsorted(np.unique(labels), labels)
    expected, found = fit_quickly(y=numbers), fit_quickly(y=labels)
    assert weight_bits(found) == weight_bits(expected)
    np.testing.assert_array_equal(found.classes_, np.unique(labels))
    np.testing.assert_array_equal(found.predict(X), found.classes_[expected.predict(X)])


def test_of_two_classes_the_likelier_is_predicted() -> None:
    estimator = fit_quickly(y=NAMES)
    margins, probabilities = estimator.decision_function(X), estimator.predict_proba(X)
    np.testing.assert_allclose(X @ estimator.coef_[0] + estimator.intercept_[0], margins, atol=1e-9)
    np.testing.assert_allclose(probabilities, np.column_stack([expit(-margins), expit(margins)]), rtol=1e-12)
    np.testing.assert_array_equal(estimator.predict(X), estimator.classes_[probabilities.argmax(axis=1)])
    assert (estimator.coef_.shape, estimator.intercept_.shape, probabilities.dtype) == ((1, 30), (1,), np.float64)
    assert estimator.threshold_ == estimator.model_.threshold != 0.5


def test_of_many_classes_the_likeliest_is_predicted() -> None:
    estimator = fit_quickly(FLOWERS_X, SPECIES, epochs=15)
    margins, probabilities = estimator.decision_function(FLOWERS_X), estimator.predict_proba(FLOWERS_X)
    np.testing.assert_allclose(FLOWERS_X @ estimator.coef_.T + estimator.intercept_, margins, atol=1e-9)
    np.testing.assert_allclose(probabilities, softmax(margins, axis=1), rtol=1e-12)
    np.testing.assert_array_equal(estimator.predict(FLOWERS_X), estimator.classes_[margins.argmax(axis=1)])
    assert (estimator.coef_.shape, estimator.intercept_.shape) == ((3, 4), (3,))
    assert estimator.score(FLOWERS_X, SPECIES) > 0.8
    with pytest.raises(AttributeError, match="two classes only"):
        _ = estimator.threshold_


def test_hinge_loss_knows_no_probabilities() -> None:
    estimator = LinearLearnerClassifier(loss="hinge_loss", **QUICK)
    assert not hasattr(estimator, "predict_proba")
    estimator.fit(X, NAMES)
    assert not hasattr(estimator, "predict_proba")
    margins = estimator.decision_function(X)
    np.testing.assert_allclose(X @ estimator.coef_[0] + estimator.intercept_[0], margins, atol=1e-9)
    np.testing.assert_array_equal(estimator.predict(X), estimator.classes_[(margins > 0).astype(int)])
    assert estimator.score(X, NAMES) > 0.9


def test_a_regressor_predicts_its_line() -> None:
    estimator = fit_amounts(epochs=15)
    np.testing.assert_allclose(
        AMOUNTS_X @ estimator.coef_ + estimator.intercept_, estimator.predict(AMOUNTS_X), rtol=1e-9
    )
    assert (estimator.coef_.shape, isinstance(estimator.intercept_, float)) == ((10,), True)
    assert estimator.score(AMOUNTS_X, AMOUNTS) > 0.3
    assert not hasattr(estimator, "decision_function")


@pytest.mark.parametrize(
    ("positive", "labels"), [("malignant", NAMES), ("benign", NAMES), (0, NUMBERS), (-1, 2 * NUMBERS - 1)]
)
def test_the_positive_label_is_what_the_threshold_is_of(positive: Any, labels: NDArray[Any]) -> None:
    estimator = fit_quickly(y=labels, positive_label=positive)
    place = estimator.classes_.tolist().index(positive)
    np.testing.assert_array_equal(estimator.classes_, np.unique(labels))
    scores = estimator.model_.predict(X)["score"]
    np.testing.assert_allclose(estimator.predict_proba(X)[:, place], scores, atol=1e-6)
    assert estimator.model_.class_names[1] == str(positive)
    assert estimator.score(X, labels) > 0.9


def test_validation_rows_decide_where_they_are_given() -> None:
    estimator = fit_quickly(X[:400], NAMES[:400], validation=(X[400:], NAMES[400:]))
    report = estimator.report_
    assert (report["training"]["deciding"], sum(report["data"]["channels"]["validation"]["classes"])) == (
        "validation",
        169,
    )
    assert sum(report["data"]["channels"]["train"]["classes"]) == 400


def test_a_fifth_of_the_rows_is_held_out_where_none_are_given() -> None:
    rows = {name: sum(found["classes"]) for name, found in fit_quickly().report_["data"]["channels"].items()}
    assert rows == {"train": 454, "validation": 115}
    everything = fit_quickly(holdout=0).report_["data"]["channels"]
    assert {name: sum(found["classes"]) for name, found in everything.items()} == {"train": 569}


@pytest.mark.parametrize("pair", [X, (X,), "rows", {"X": X}])
def test_validation_is_a_pair(pair: Any) -> None:
    with pytest.raises(ValueError, match=r"validation: expected a pair \(X, y\) of rows and their labels, found"):
        fit_quickly(validation=pair)


def test_rows_of_no_weight_are_as_absent() -> None:
    weights = np.arange(569) % 3 != 0
    for rows in (X, name_features(X), sparse.csr_array(X)):
        kept = rows.filter(weights) if hasattr(rows, "filter") else rows[weights]
        found = fit_quickly(rows, NAMES, sample_weight=weights)
        np.testing.assert_allclose(found.coef_, fit_quickly(kept, NAMES[weights]).coef_, rtol=1e-5)


def test_weights_count_by_their_ratios() -> None:
    weights = np.random.default_rng(0).random(569)
    first = fit_quickly(sample_weight=weights)
    np.testing.assert_allclose(fit_quickly(sample_weight=7 * weights).coef_, first.coef_, rtol=1e-4)
    assert weight_bits(first) != weight_bits(fit_quickly())
    with pytest.raises(ValueError, match="Negative values"):
        fit_quickly(sample_weight=weights - 0.5)


def test_features_far_from_0_keep_their_digits() -> None:
    estimator = fit_quickly(X + 1e7)
    assert estimator.model_.exact
    np.testing.assert_allclose(estimator.decision_function(X + 1e7), fit_quickly().decision_function(X), atol=0.05)


def test_where_threshold_and_predict_differ_it_says_so() -> None:
    estimator = fit_quickly(y=NAMES)
    note = (
        "predict says 'malignant' from a score of 0.5 on; threshold_, by which `linear_learner predict` and the server "
        f"answer, is {estimator.threshold_:.4g}."
    )
    assert repr(estimator).splitlines() == [
        "LinearLearnerClassifier(epochs=2, mini_batch_size=50, num_models=2)",
        f"# {note}",
    ]
    assert note in estimator._repr_html_().replace("&#39;", "'")
    assert "#" not in repr(LinearLearnerClassifier()) + repr(fit_amounts())


def test_what_is_not_fitted_says_so() -> None:
    for estimator in (LinearLearnerClassifier(), LinearLearnerRegressor()):
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            estimator.predict(X)
        for name in ("coef_", "intercept_", "coef_names_", "report_"):
            assert not hasattr(estimator, name)


def test_a_fit_that_fails_leaves_no_model_of_an_earlier_one() -> None:
    wrong: list[dict[str, Any]] = [{"X": X * np.nan}, {"y": np.ones(len(X))}, {"validation": (X, ["?"] * len(X))}]
    for given in wrong:
        estimator = fit_quickly()
        with pytest.raises(ValueError, match=r"."):
            estimator.fit(**{"X": X, "y": NUMBERS, **given})
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            estimator.predict(X)


@pytest.mark.processes
def test_the_front_of_the_package_gives_them_out_and_imports_them_only_then() -> None:
    assert {"LinearLearnerClassifier", "LinearLearnerRegressor"} <= {*dir(linear_learner)} & {*linear_learner.__all__}
    with pytest.raises(AttributeError, match="has no attribute 'LinearLearner'"):
        _ = linear_learner.LinearLearner
    code = "import json, sys, linear_learner; print(json.dumps([*sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=TOP)
    assert not {"mxnet", "sklearn", "numpy", "pyarrow"} & {*json.loads(done.stdout)}


@pytest.mark.processes
def test_without_scikit_learn_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['sklearn'] = None; from linear_learner import LinearLearnerClassifier"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=TOP)
    assert done.stderr.splitlines()[-1] == (
        "ImportError: LinearLearnerClassifier needs scikit-learn 1.6 or later: "
        "pip install 'open-linear-learner[sklearn]'"
    )
