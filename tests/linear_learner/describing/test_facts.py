"""The facts of a model are those that apply to it, in words."""

from dataclasses import replace
from typing import Any

import pytest

from linear_learner.describing.facts import model_facts
from linear_learner.objective.losses import LOSSES_BY_PREDICTOR
from tests.linear_learner.artifacts import KINDS, draw_model

EVERY: dict[str, Any] = {  # setting that a model may keep, whether it has a use for it or not
    "quantile": 0.9,
    "huber_delta": 1.5,
    "margin": 2.0,
    "loss_insensitivity": 0.01,
    "eps_insensitive_loss_type": "squared",
    "accuracy_top_k": 3,
    "f_beta": 1.0,
    "positive_example_weight_mult": 2.5,
    "class_weights": None,
}
OF_LOSS = {
    "hinge_loss": {"margin of the loss": "2"},
    "quantile_loss": {"quantile of the label": "0.9"},
    "huber_loss": {"loss is linear beyond": "an error of 1.5 in the label's unit"},
    "eps_insensitive_squared_loss": {"loss is 0 up to": "an error of 0.01 in the label's unit"},
    "eps_insensitive_absolute_loss": {"loss is 0 up to": "an error of 0.01 in the label's unit"},
}
OF_PREDICTOR = {
    "binary_classifier": {"F score": "beta = 1", "positive rows count": "2.5 times as much as negative ones"},
    "multiclass_classifier": {"top-k accuracy": "k = 3", "F score": "beta = 1"},
    "regressor": {},
}
USUAL = {"predictor type", "loss", "features", "weights that are 0", "classes", "bias", "threshold"}


@pytest.mark.parametrize(("predictor", "loss"), KINDS)
def test_only_settings_that_apply_to_the_model_are_told(predictor: str, loss: str) -> None:
    told = dict(model_facts(replace(draw_model(predictor, loss), metrics_params=EVERY)))
    settings = {name: text for name, text in told.items() if name not in USUAL}
    assert settings == OF_PREDICTOR[predictor] | OF_LOSS.get(loss, {})


@pytest.mark.parametrize("predictor", LOSSES_BY_PREDICTOR)
def test_settings_without_a_value_are_not_told(predictor: str) -> None:
    told = dict(model_facts(replace(draw_model(predictor), metrics_params=dict.fromkeys(EVERY))))
    assert told.keys() <= USUAL


def test_rows_of_either_class_that_count_alike_are_said_to() -> None:
    told = dict(model_facts(replace(draw_model(), metrics_params={"positive_example_weight_mult": 1.0})))
    assert told["positive rows count"] == "as much as negative ones"


def test_of_the_weights_of_many_classes_the_least_and_the_largest_are_told() -> None:
    for weights, text in (([0.5, 1.25, 3], "0.5, 1.25, 3"), ([*map(float, range(1, 12))], "1 to 11")):
        model = replace(draw_model("multiclass_classifier"), metrics_params={"class_weights": weights})
        told = dict(model_facts(model))
        assert told["rows count by class"] == text


def test_a_setting_that_is_not_ours_keeps_its_name() -> None:
    assert ("new_one", "word") in model_facts(replace(draw_model(), metrics_params={"new_one": "word"}))
