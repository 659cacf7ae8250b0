"""Hyperparameters are those of the original, and what is wrong with them is said all at once."""

import pytest

from open_algorithms.factorization_machines.options.hyperparameters import (
    Start,
    applied_configuration,
    declarations,
    ignored_names,
    parse_hyperparameters,
)
from open_algorithms.learning.job.errors import InputError

CLASSIFIER = {"predictor_type": "binary_classifier"}


def test_defaults_are_the_originals() -> None:
    hp = parse_hyperparameters({**CLASSIFIER, "num_factors": "64"})
    steps = hp.steps
    assert (steps.bias_lr, steps.linear_lr, steps.factors_lr) == (0.1, 0.001, 0.0001)
    assert (steps.bias_wd, steps.linear_wd, steps.factors_wd) == (0.01, 0.001, 0.00001)
    assert hp.starts == {
        "bias": Start("normal", 0.01),
        "linear": Start("normal", 0.01),
        "factors": Start("normal", 0.001),
    }
    assert hp.num_factors == 64


@pytest.mark.parametrize(
    ("texts", "start"),
    [
        ({"factors_init_method": "uniform", "factors_init_scale": "0.2"}, Start("uniform", 0.2)),
        ({"factors_init_method": "uniform"}, Start("uniform", 0.001)),
        ({"factors_init_method": "constant", "factors_init_value": "-0.5"}, Start("constant", -0.5)),
        ({"factors_init_method": "constant"}, Start("constant", 0.0)),
        ({"factors_init_sigma": "0"}, Start("normal", 0.0)),
    ],
)
def test_each_part_starts_as_the_user_says(texts: dict[str, str], start: Start) -> None:
    assert parse_hyperparameters({**CLASSIFIER, **texts}).starts["factors"] == start


def test_epochs_are_ours_unless_they_are_given_or_tuned() -> None:
    assert parse_hyperparameters(CLASSIFIER).epochs == 50
    assert parse_hyperparameters({**CLASSIFIER, "epochs": "7"}).epochs == 7
    tuned = parse_hyperparameters({**CLASSIFIER, "_tuning_objective_metric": "test:rmse", "num_models": "9"})
    assert (tuned.epochs, tuned.num_models) == (1, 1)


def test_thresholds_are_the_originals_of_one_candidate_alone_and_else_calibrated() -> None:
    assert parse_hyperparameters(CLASSIFIER).selection.criterion == "accuracy"
    assert parse_hyperparameters({**CLASSIFIER, "num_models": "1"}).selection.criterion == "loss_function"


def test_all_faults_are_listed_at_once() -> None:
    texts = {"predictor_type": "ranker", "num_factors": "-1", "epoch": "3", "factors_lr": "-0.1"}
    with pytest.raises(InputError) as caught:
        parse_hyperparameters(texts)
    said = str(caught.value)
    assert "predictor_type: expected binary_classifier or regressor, found 'ranker'" in said
    assert "num_factors: expected auto or an integer in [0, 10000], found '-1'" in said
    assert "epoch: there is no such hyperparameter; did you mean epochs?" in said
    assert "factors_lr: expected a number in [0, inf), found '-0.1'" in said


def test_what_has_no_effect_is_known() -> None:
    texts = {**CLASSIFIER, "factors_init_scale": "1", "target_recall": "0.9", "f_beta": "2"}
    assert ignored_names(texts, parse_hyperparameters(texts)) == ["factors_init_scale", "target_recall"]
    regressor = {"predictor_type": "regressor", "f_beta": "2"}
    assert ignored_names(regressor, parse_hyperparameters(regressor)) == ["f_beta"]


def find_applied(texts: dict[str, str]) -> dict[str, str]:
    return applied_configuration(texts, parse_hyperparameters(texts))


def test_what_applies_to_a_job_is_told_with_the_defaults() -> None:
    regressor = find_applied({"predictor_type": "regressor", "f_beta": "2", "_kvstore": "auto"})
    assert (regressor["predictor_type"], regressor["factors_init_sigma"]) == ("regressor", "0.001")
    assert not {"f_beta", "_kvstore", "factors_init_scale"} & {*regressor}
    assert find_applied({**CLASSIFIER, "f_beta": "2"})["f_beta"] == "2"


def test_the_originals_hidden_names_are_taken() -> None:
    hidden = {"_kvstore": "auto", "_num_gpus": "auto", "_optimizer": "adam", "_wd": "1.0", "_data_format": "record"}
    assert parse_hyperparameters({**CLASSIFIER, **hidden}) == parse_hyperparameters(CLASSIFIER)
    assert all(declarations()[name].internal for name in hidden)
