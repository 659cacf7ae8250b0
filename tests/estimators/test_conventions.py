"""Scikit-learn's own checks of an estimator, and what it is used for: pipelines, searches, clones, pickles."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_clusterer, is_regressor
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import has_fit_parameter

from linear_learner import LinearLearnerClassifier, LinearLearnerRegressor
from open_algorithms.factorization_machines import FactorizationMachineClassifier, FactorizationMachineRegressor
from open_algorithms.k_means import KMeans
from open_algorithms.pca import PCA
from tests.estimators.examples import NAMES, NUMBERS, QUICK, X, fit_amounts, fit_quickly, weight_bits
from tests.waiting import HANG_SECONDS

IGNORE = "ignore::open_algorithms.estimators.fitting.progress.LearningWarning"
EQUIVALENT = "a row of weight 2 and the row twice differ: they fall into other mini-batches, and parts held out"
TOP = Path(__file__).parents[2]
ESTIMATORS = (
    LinearLearnerClassifier(),
    LinearLearnerRegressor(),
    FactorizationMachineClassifier(),
    FactorizationMachineRegressor(),
    KMeans(),
    PCA(),
)


def expected_failures(estimator: Any) -> dict[str, str]:
    if not has_fit_parameter(estimator, "sample_weight"):
        return {}
    kinds = ("dense", "sparse")
    return {f"check_sample_weight_equivalence_on_{kind}_data": EQUIVALENT for kind in kinds}


@pytest.mark.filterwarnings(IGNORE)
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)  # type: ignore[untyped-decorator]
def test_every_check_of_scikit_learn_passes(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


def test_each_is_what_its_name_says() -> None:
    assert is_classifier(LinearLearnerClassifier())
    assert is_classifier(FactorizationMachineClassifier())
    assert is_regressor(LinearLearnerRegressor())
    assert is_regressor(FactorizationMachineRegressor())
    assert is_clusterer(KMeans())


@pytest.mark.processes
def test_it_is_searched_over_within_a_pipeline_by_several_processes() -> None:
    pipeline = make_pipeline(StandardScaler(), LinearLearnerClassifier(**QUICK))
    search = GridSearchCV(pipeline, {"linearlearnerclassifier__l1": [0.0, 1e-4]}, cv=2, n_jobs=2).fit(X, NAMES)
    assert search.best_score_ > 0.8
    here = cross_val_score(clone(pipeline).set_params(**search.best_params_), X, NAMES, cv=2)
    assert here.mean() == search.best_score_


@pytest.mark.processes
def test_a_pickle_predicts_in_a_process_without_mxnet() -> None:
    estimator = fit_quickly(y=NAMES)
    code = (
        "import pickle, sys; e, X = pickle.load(sys.stdin.buffer); found = e.predict_proba(X), e.predict(X), e.report_;"
        "assert 'mxnet' not in sys.modules; e.report(); pickle.dump(found, sys.stdout.buffer)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps((estimator, X)),
        capture_output=True,
        timeout=HANG_SECONDS,
        cwd=TOP,
    )
    assert done.returncode == 0, done.stderr.decode()
    probabilities, labels, report = pickle.loads(done.stdout)
    np.testing.assert_array_equal(probabilities, estimator.predict_proba(X))
    np.testing.assert_array_equal(labels, estimator.predict(X))
    assert report == estimator.report_


def test_a_clone_learns_the_same() -> None:
    for estimator in (fit_quickly(y=NAMES), fit_amounts()):
        again = clone(estimator)
        assert not hasattr(again, "model_")
        assert again.get_params() == estimator.get_params()
    assert weight_bits(clone(fit_quickly()).fit(X, NUMBERS)) == weight_bits(fit_quickly())
