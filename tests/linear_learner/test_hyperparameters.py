"""Hyperparameters: every form that a client writes is understood, every fault is named at once."""

from dataclasses import fields

import pytest

from linear_learner.errors import InputError
from linear_learner.hyperparameters import Hyperparameters, declarations, parse

BINARY = {"predictor_type": "binary_classifier"}
RENAMED = {"_tuning_objective_metric": "tuning"}


def test_the_typed_fields_are_the_declared_names() -> None:
    declared = {RENAMED.get(name, name) for name, d in declarations().items() if not d.internal}
    assert declared == {field.name for field in fields(Hyperparameters)}


@pytest.mark.parametrize("text", ["True", "true", "1", '"true"', " TRUE "])
def test_every_spelling_of_true_is_understood(text: str) -> None:
    assert parse(BINARY | {"use_bias": text}).use_bias is True


@pytest.mark.parametrize("text", ["10", "10.0", '"10"', "1e1"])
def test_every_spelling_of_an_integer_is_understood(text: str) -> None:
    assert parse(BINARY | {"epochs": text}).epochs == 10


@pytest.mark.parametrize("predictor", ['"regressor"', "regressor", "Regressor"])
def test_a_text_may_come_in_json_quotes_or_capitals(predictor: str) -> None:
    assert parse({"predictor_type": predictor}).predictor_type == "regressor"


def test_what_the_platform_and_the_original_add_is_accepted() -> None:
    added = {"sagemaker_region": "x", "_kvstore": "auto", "_num_gpus": "0", "force_dense": "true"}
    assert parse(BINARY | added) == parse(BINARY)


def test_a_tuning_job_is_recognised() -> None:
    assert parse(BINARY | {"_tuning_objective_metric": "validation:objective_loss"}).tuning
    assert not parse(BINARY).tuning


def test_auto_is_resolved_where_it_depends_on_other_hyperparameters() -> None:
    hp = parse({"predictor_type": "regressor", "use_bias": "false"})
    assert (hp.loss, hp.normalize_label, hp.unbias_label, hp.unbias_data) == ("squared_loss", True, False, False)
    assert not parse(BINARY | {"normalize_label": "true"}).normalize_label


def test_all_faults_come_in_one_message() -> None:
    with pytest.raises(InputError) as caught:
        parse({"epochs": "0", "wd": "nan", "mini_batch_siz": "3", "shuffle": "maybe", "beta_1": "1", "seed": "1.5"})
    assert str(caught.value).splitlines() == [
        "The hyperparameters have these faults:",
        "- mini_batch_siz: there is no such hyperparameter; did you mean mini_batch_size?",
        "- predictor_type: it is required; expected binary_classifier or multiclass_classifier or regressor",
        "- epochs: expected an integer in [1, inf), found '0'",
        "- beta_1: expected auto or a number in [0, 1), found '1'",
        "- wd: expected auto or a number in [0, inf), found 'nan'",
        "- shuffle: expected auto or true or false, found 'maybe'",
        "- seed: expected an integer in [0, 4294967295], found '1.5'",
    ]


def test_a_multiclass_classifier_needs_num_classes() -> None:
    with pytest.raises(InputError, match="num_classes: it is required with predictor_type=multiclass_classifier"):
        parse({"predictor_type": "multiclass_classifier"})


def test_a_loss_of_another_predictor_is_refused() -> None:
    with pytest.raises(InputError, match="loss: expected auto or squared_loss with predictor_type=regressor"):
        parse({"predictor_type": "regressor", "loss": "logistic"})


@pytest.mark.parametrize("name", [name for name, d in declarations().items() if d.range])
def test_a_number_is_accepted_at_an_included_bound_and_refused_at_an_excluded_one(name: str) -> None:
    declaration = declarations()[name]
    interval = declaration.range
    assert interval is not None
    for bound, closed in ((interval.low, interval.closed_low), (interval.high, interval.closed_high)):
        if closed:
            text = str(int(bound)) if declaration.type == "integer" else str(bound)
            assert declaration.read(text) == bound
        else:
            with pytest.raises((ValueError, OverflowError)):
                declaration.read(str(bound))
