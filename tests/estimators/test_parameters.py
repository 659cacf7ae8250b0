"""The parameters of an estimator are the hyperparameters that the YAML declares, in Python's values."""

import inspect
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from linear_learner import LinearLearnerClassifier, LinearLearnerRegressor
from linear_learner.options.hyperparameters import declarations, parse_hyperparameters
from open_algorithms.estimators.linear import DECIDED
from open_algorithms.estimators.parameters import default_value, write_text
from open_algorithms.k_means import KMeans
from open_algorithms.learning.columns.wishes import parse_names, parse_types
from open_algorithms.learning.options.declaration import load_declarations

ESTIMATORS = (LinearLearnerClassifier, LinearLearnerRegressor)


def test_every_hyperparameter_with_an_effect_is_a_parameter_of_one_of_them() -> None:
    expected = {name for name, declared in declarations().items() if not (declared.internal or name.startswith("_"))}
    assert {name for estimator in ESTIMATORS for name in estimator().get_params()} == expected - {*DECIDED}


def test_each_has_those_that_apply_to_what_it_predicts() -> None:
    classifier, regressor = (set(estimator().get_params()) for estimator in ESTIMATORS)
    assert {"margin", "positive_label", "balance_multiclass_weights", "f_beta"} < classifier - regressor
    of_amounts = {"quantile", "huber_delta", "loss_insensitivity", "normalize_label", "unbias_label"}
    assert of_amounts == regressor - classifier


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_signature_says_each_with_its_default(estimator: Any) -> None:
    found = inspect.signature(estimator).parameters
    assert {name: parameter.default for name, parameter in found.items()} == estimator().get_params()
    assert {parameter.kind for parameter in found.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert (found["epochs"].default, found["use_bias"].default, found["loss"].default) == (15, True, "auto")


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_docstring_says_what_each_is(estimator: Any) -> None:
    for name in estimator().get_params():
        assert f"\n{name} : {declarations()[name].expected_values}, default=" in estimator.__doc__
        assert f"\n    {declarations()[name].about}\n" in estimator.__doc__


@pytest.mark.parametrize("name", sorted({*declarations()} - {*DECIDED}))
def test_a_default_written_as_text_is_the_default_of_jobs(name: str) -> None:
    declared = declarations()[name]
    assert declared.parse_value(write_text(default_value(declared))) == declared.parse_value(declared.default or "")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (np.bool_(False), "false"),
        (1000, "1000"),
        (np.int64(5), "5"),
        (1e-5, "1e-05"),
        (np.float32(0.5), "0.5"),
        ("auto", "auto"),
        (None, "None"),
        (range(2, 5), "2,3,4"),
    ],
)
def test_values_are_written_as_jobs_read_them(value: Any, text: str) -> None:
    assert write_text(value) == text


def test_columns_may_be_given_as_python_gives_them() -> None:
    names = ["a", "b,c", "d=e", "f\\g"]
    assert parse_names(write_text(names)) == names
    assert parse_types(write_text(dict.fromkeys(names, "category"))) == dict.fromkeys(names, "category")


def test_an_unknown_parameter_is_refused_as_python_does() -> None:
    with pytest.raises(TypeError, match=r"LinearLearnerClassifier\(\) got an unexpected keyword argument 'epoch'"):
        LinearLearnerClassifier(epoch=3)


def test_a_value_is_kept_as_it_is_until_fit() -> None:
    estimator = clone(LinearLearnerClassifier(epochs=-1, ignore=["a"]))
    assert (estimator.epochs, estimator.ignore) == (-1, ["a"])
    with pytest.raises(ValueError, match=r"epochs: expected an integer in \[1, inf\), found '-1'"):
        estimator.set_params(ignore="").fit([[1.0], [2.0]], [0, 1])


def test_a_value_that_a_job_has_to_be_told_has_a_default_in_python() -> None:
    known = load_declarations(KMeans._algorithm.card.declaration)
    assert known["k"].parse_value(known["k"].default or "") is None
    assert inspect.signature(KMeans).parameters["k"].default == 8
    assert "\nk : auto or an integer in [1, 1000000], default=8\n" in (KMeans.__doc__ or "")


def test_what_an_estimator_sends_is_what_a_job_parses() -> None:
    texts = {name: write_text(value) for name, value in LinearLearnerRegressor().get_params().items()}
    assert parse_hyperparameters({**texts, "predictor_type": "regressor"}) == parse_hyperparameters(
        {"predictor_type": "regressor"}
    )
