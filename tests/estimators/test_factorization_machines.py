"""What the estimators of Factorization Machines learn, and how they answer."""

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.multiclass import OneVsRestClassifier

from linear_learner import LinearLearnerClassifier, LinearLearnerRegressor
from open_algorithms.factorization_machines import FactorizationMachineClassifier, FactorizationMachineRegressor
from open_algorithms.factorization_machines.artifact.read import load_model
from open_algorithms.factorization_machines.options.hyperparameters import declarations, parse_hyperparameters
from open_algorithms.learning.options.declaration import AUTO
from tests.estimators.examples import NAMES, NUMBERS, X, name_features, train_on_file
from tests.estimators.inputs.tables import make_table

KINDS = (FactorizationMachineClassifier, FactorizationMachineRegressor)
QUICK: dict[str, Any] = {"epochs": 4, "num_models": 3, "num_factors": 4}
WORD = "factorization_machines"


def fit_classes(X: Any = X, y: Any = NAMES, **others: Any) -> FactorizationMachineClassifier:
    """Fit a classifier quickly; `sample_weight` and `validation` go to fit, others are parameters."""
    asked = {name: others.pop(name) for name in ("sample_weight", "validation") if name in others}
    return FactorizationMachineClassifier(**{**QUICK, **others}).fit(X, y, **asked)


def draw_ratings(rows: int = 4000, users: int = 30, items: int = 20) -> tuple[Any, NDArray[Any]]:
    """Return flags of a user and an item in each row, sparse, and what pairs of them alone say."""
    generator = np.random.default_rng(5)
    user, item = generator.integers(0, users, rows), generator.integers(0, items, rows)
    places = (np.repeat(np.arange(rows), 2), np.column_stack([user, users + item]).ravel())
    tastes, kinds = generator.choice([-1.0, 1.0], users), generator.choice([-1.0, 1.0], items)
    flags = sparse.csr_array((np.ones(2 * rows), places), (rows, users + items))
    return flags, 3 + tastes[user] * kinds[item] + generator.normal(0, 0.1, rows)


def keep_within_reach(estimator: Any, X: NDArray[Any]) -> NDArray[Any]:
    """Return rows with what is far from its center as near as it counts."""
    model = estimator.model_
    return np.asarray(model.center_rows(X) + model.centers)


def score_by_hand(estimator: Any, X: NDArray[Any]) -> NDArray[Any]:
    """Return the scores of rows by the attributes of an estimator, (n,)."""
    factors = estimator.factors_
    pairs = ((X @ factors) ** 2 - X**2 @ factors**2).sum(axis=1) / 2
    return np.asarray(estimator.intercept_ + X @ estimator.coef_ + pairs)


def test_pairs_are_learned_that_no_linear_model_sees() -> None:
    rows, ratings = draw_ratings()
    model = FactorizationMachineRegressor().fit(rows[:3000], ratings[:3000])
    assert model.score(rows[3000:], ratings[3000:]) > 0.9
    assert LinearLearnerRegressor(epochs=5).fit(rows[:3000], ratings[:3000]).score(rows[3000:], ratings[3000:]) < 0.1
    classes = FactorizationMachineClassifier().fit(rows[:3000], ratings[:3000] > 3)
    assert classes.score(rows[3000:], ratings[3000:] > 3) > 0.95
    linear = LinearLearnerClassifier(epochs=5).fit(rows[:3000], ratings[:3000] > 3)
    assert linear.score(rows[3000:], ratings[3000:] > 3) < 0.65


def test_attributes_make_the_score() -> None:
    rows, ratings = draw_ratings(500)
    model = FactorizationMachineRegressor(**QUICK).fit(rows, ratings)
    assert (model.coef_.shape, model.factors_.shape[0], isinstance(model.intercept_, float)) == ((50,), 50, True)
    np.testing.assert_allclose(model.predict(rows), score_by_hand(model, rows.toarray()), atol=1e-12)
    assert not hasattr(model, "decision_function")
    classes = fit_classes()
    margins = classes.decision_function(X)
    near = keep_within_reach(classes, X)
    assert 0 < (~np.isclose(near, X)).any(axis=1).mean() < 0.2
    np.testing.assert_allclose(margins, score_by_hand(classes, near), atol=1e-6)
    np.testing.assert_allclose(classes.predict_proba(X), np.column_stack([expit(-margins), expit(margins)]), rtol=1e-12)
    np.testing.assert_array_equal(classes.predict(X), classes.classes_[(margins > 0).astype(int)])
    assert classes.threshold_ == classes.model_.threshold


def test_sparse_rows_score_as_dense_ones() -> None:
    rows, ratings = draw_ratings(500)
    expected = FactorizationMachineRegressor(**QUICK).fit(rows, ratings)
    for form in (sparse.csr_matrix, sparse.csc_array, sparse.coo_array, sparse.lil_matrix):
        found = FactorizationMachineRegressor(**QUICK).fit(form(rows), ratings)
        np.testing.assert_array_equal(found.predict(form(rows)), expected.predict(rows))
        np.testing.assert_allclose(found.predict(rows.toarray()), expected.predict(rows), atol=1e-12)


@pytest.mark.processes
@pytest.mark.parametrize("holdout", [AUTO, 0, 0.2])
def test_it_learns_bit_by_bit_what_a_job_of_the_command_line_does(tmp_path: Path, holdout: Any) -> None:
    job = {"predictor_type": "binary_classifier", "holdout": holdout, **QUICK}
    there = load_model(train_on_file(tmp_path, X, NUMBERS, algorithm=WORD, **job))
    here = fit_classes(name_features(X), NUMBERS, holdout=holdout).model_
    assert (there.linear.tobytes(), there.factors.tobytes()) == (here.linear.tobytes(), here.factors.tobytes())
    assert (there.bias, there.threshold, there.names) == (here.bias, here.threshold, here.names)


@pytest.mark.parametrize("labels", [NAMES, NAMES.astype(object), NUMBERS == 1, 2 * NUMBERS - 1, NUMBERS + 1.0])
def test_labels_of_any_kind_are_learned_as_their_numbers(labels: NDArray[Any]) -> None:
    numbers = np.searchsorted(np.unique(labels), labels)
    expected, found = fit_classes(y=numbers), fit_classes(y=labels)
    np.testing.assert_array_equal(found.decision_function(X), expected.decision_function(X))
    np.testing.assert_array_equal(found.predict(X), found.classes_[expected.predict(X)])


@pytest.mark.parametrize("positive", ["malignant", "benign"])
def test_the_positive_label_is_what_the_score_and_the_threshold_are_of(positive: str) -> None:
    estimator = fit_classes(positive_label=positive)
    place = estimator.classes_.tolist().index(positive)
    assert estimator.classes_.tolist() == ["benign", "malignant"]
    np.testing.assert_allclose(estimator.predict_proba(X)[:, place], estimator.model_.predict(X)["score"], atol=1e-6)
    near = keep_within_reach(estimator, X)
    np.testing.assert_allclose(estimator.predict_proba(X)[:, place], expit(score_by_hand(estimator, near)), atol=1e-6)
    assert estimator.model_.class_names[1] == positive
    assert estimator.score(X, NAMES) > 0.9


def test_more_than_two_classes_are_left_to_one_machine_each() -> None:
    flowers, kinds = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=r"Only binary classification is supported\..* y has 3 classes\. Fit one"):
        fit_classes(flowers, kinds)
    several = OneVsRestClassifier(FactorizationMachineClassifier(**{**QUICK, "epochs": 20})).fit(flowers, kinds)
    assert several.score(flowers, kinds) > 0.8


def test_words_dates_and_gaps_become_features() -> None:
    table, labels = make_table(600)
    estimator = FactorizationMachineClassifier().fit(table, labels)
    assert {*estimator.coef_names_} == {"town=Basel", "town=Bern", "town=Ulm", "age", "age (missing)"}
    assert estimator.feature_names_in_.tolist() == ["town", "age"]
    assert estimator.score(table, labels) > 0.8
    np.testing.assert_array_equal(
        estimator.predict(table.to_pandas()[["age", "town"]]), estimator.predict(table.select(["town", "age"]))
    )


def test_a_part_is_held_out_and_learned_from_at_last_unless_it_is_said_otherwise() -> None:
    def rows(**given: Any) -> dict[str, int]:
        channels = fit_classes(**given).report_["data"]["channels"]
        return {name: sum(found["classes"]) for name, found in channels.items()}

    assert rows()["validation"] == 171
    assert rows(holdout=0.2)["validation"] == 113
    assert rows(holdout=0) == {"train": 569}
    assert rows(X=X[:400], y=NAMES[:400], validation=(X[400:], NAMES[400:])) == {"train": 400, "validation": 169}


def test_rows_count_by_their_weights() -> None:
    kept = np.arange(569) % 3 != 0
    found, expected = fit_classes(sample_weight=kept), fit_classes(X[kept], NAMES[kept])
    np.testing.assert_allclose(found.decision_function(X), expected.decision_function(X), rtol=1e-4, atol=1e-4)
    weights = np.where(NAMES == "malignant", 20.0, 1.0)
    heavy = fit_classes(sample_weight=weights).predict_proba(X)[:, 1].mean()
    assert heavy > fit_classes().predict_proba(X)[:, 1].mean() + 0.02


def test_features_far_from_0_keep_their_digits() -> None:
    with pytest.warns(UserWarning, match="Scores of other programs than ours"):
        estimator = fit_classes(X + 1000)
    assert estimator.model_.exact
    np.testing.assert_allclose(estimator.decision_function(X + 1000), fit_classes().decision_function(X), atol=0.15)


@pytest.mark.parametrize("name", ["m", "m.tar.gz"])
def test_what_was_saved_answers_the_same(tmp_path: Path, name: str) -> None:
    for labels in (NAMES, NUMBERS == 1, 2 * NUMBERS - 1, NUMBERS):
        estimator = fit_classes(y=labels, f_beta=0.5)
        estimator.save(tmp_path / name)
        loaded = FactorizationMachineClassifier.load(tmp_path / name)
        np.testing.assert_array_equal(loaded.predict(X), estimator.predict(X))
        np.testing.assert_array_equal(loaded.predict_proba(X), estimator.predict_proba(X))
        assert (loaded.threshold_, loaded.n_features_in_, loaded.f_beta) == (estimator.threshold_, 30, 0.5)
    loaded.set_params(**QUICK).fit(X, NAMES)


def test_the_columns_of_a_table_are_saved(tmp_path: Path) -> None:
    table, labels = make_table()
    estimator = fit_classes(table, labels)
    estimator.save(tmp_path / "m")
    loaded = FactorizationMachineClassifier.load(tmp_path / "m")
    np.testing.assert_array_equal(loaded.predict_proba(table), estimator.predict_proba(table))
    np.testing.assert_array_equal(loaded.classes_, estimator.classes_)


def test_a_model_of_another_kind_says_who_loads_it(tmp_path: Path) -> None:
    fit_classes().save(tmp_path / "m")
    message = r"m holds a binary_classifier: load it by FactorizationMachineClassifier\.load"
    with pytest.raises(ValueError, match=message):
        FactorizationMachineRegressor.load(tmp_path / "m")


def test_where_threshold_and_predict_differ_it_says_so() -> None:
    estimator = fit_classes()
    assert estimator.threshold_ != 0.5
    assert f"`factorization_machines predict` and the server answer, is {estimator.threshold_:.4g}." in repr(estimator)
    alone = fit_classes(num_models=1)
    assert alone.threshold_ == 0.5
    assert "#" not in repr(alone)


def test_the_hyperparameters_that_have_an_effect_are_parameters() -> None:
    classifier, regressor = (set(inspect.signature(kind).parameters) for kind in KINDS)
    known = {name for name, declared in declarations().items() if not (declared.internal or name.startswith("_"))}
    assert classifier | regressor == known - {"predictor_type", "feature_dim", "target"}
    assert {"positive_label", "f_beta", "binary_classifier_model_selection_criteria"} < classifier - regressor
    for kind in KINDS:
        assert "\nnum_factors : auto or an integer in [0, 10000], default='auto'\n" in (kind.__doc__ or "")
        assert kind(num_factors=3, bias_lr=0.5).get_params()["num_factors"] == 3
    assert parse_hyperparameters({"predictor_type": "regressor"}).num_factors == 16
    with pytest.raises(ValueError, match=r"num_factors: expected auto or an integer in \[0, 10000\], found '-1'"):
        fit_classes(num_factors=-1)


def test_without_factors_it_is_a_linear_model() -> None:
    model = fit_classes(num_factors=0)
    assert model.factors_.shape == (30, 0)
    near = keep_within_reach(model, X)
    np.testing.assert_allclose(model.decision_function(X), near @ model.coef_ + model.intercept_, atol=1e-9)


def test_a_notebook_shows_the_machine_and_the_report_of_a_job() -> None:
    model = fit_classes()
    assert "learned-model" in model._repr_html_()
    assert f"{model.report()!r}"
    assert "<svg" in model.report().html


def test_what_is_not_fitted_says_so() -> None:
    for kind in KINDS:
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            kind().predict(X)
        for name in ("coef_", "factors_", "intercept_", "coef_names_", "report_"):
            assert not hasattr(kind(), name)
