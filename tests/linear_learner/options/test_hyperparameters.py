"""Hyperparameters: every form that a client writes is understood, every fault is named at once."""

import math
from pathlib import Path

import pytest

from linear_learner.options.hyperparameters import (
    applied_configuration,
    declarations,
    ignored_names,
    parse_hyperparameters,
)
from open_algorithms.learning.job.errors import InputError

BINARY = {"predictor_type": "binary_classifier"}
RENAMED = {"_tuning_objective_metric": "tuning"}


def test_the_typed_values_are_those_that_are_declared() -> None:
    declared = [RENAMED.get(name, name) for name, d in declarations().items() if not d.internal]
    assert list(parse_hyperparameters(BINARY).by_name()) == declared


@pytest.mark.parametrize("text", ["True", "true", "1", '"true"', " TRUE "])
def test_every_spelling_of_true_is_understood(text: str) -> None:
    assert parse_hyperparameters(BINARY | {"use_bias": text}).objective.use_bias is True


@pytest.mark.parametrize("text", ["10", "10.0", '"10"', "1e1"])
def test_every_spelling_of_an_integer_is_understood(text: str) -> None:
    assert parse_hyperparameters(BINARY | {"epochs": text}).schedule.epochs == 10


@pytest.mark.parametrize("predictor", ['"regressor"', "regressor", "Regressor"])
def test_a_text_may_come_in_json_quotes_or_capitals(predictor: str) -> None:
    assert parse_hyperparameters({"predictor_type": predictor}).predictor_type == "regressor"


def test_what_the_platform_and_the_original_add_is_accepted() -> None:
    added = {"sagemaker_region": "x", "_kvstore": "auto", "_num_gpus": "0", "force_dense": "true"}
    assert parse_hyperparameters(BINARY | added) == parse_hyperparameters(BINARY)


def test_a_tuning_job_is_recognised() -> None:
    assert parse_hyperparameters(BINARY | {"_tuning_objective_metric": "validation:objective_loss"}).tuning
    assert not parse_hyperparameters(BINARY).tuning


def test_auto_is_resolved_where_it_depends_on_other_hyperparameters() -> None:
    hp = parse_hyperparameters({"predictor_type": "regressor", "use_bias": "false"})
    scaling = hp.scaling
    assert (scaling.normalize_label, scaling.unbias_label, scaling.unbias_data) == (True, False, False)
    assert hp.objective.loss == "squared_loss"
    assert not parse_hyperparameters(BINARY | {"normalize_label": "true"}).scaling.normalize_label


def test_all_faults_come_in_one_message() -> None:
    with pytest.raises(InputError) as caught:
        parse_hyperparameters(
            {"epochs": "0", "wd": "nan", "mini_batch_siz": "3", "shuffle": "maybe", "beta_1": "1", "seed": "1.5"}
        )
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
    two = "For two classes set predictor_type to binary_classifier, without num_classes"
    for given in ({}, {"num_classes": "auto"}):
        with pytest.raises(InputError) as raised:
            parse_hyperparameters({"predictor_type": "multiclass_classifier", **given})
        assert str(raised.value).splitlines()[1:] == [
            "- num_classes: it is required with predictor_type=multiclass_classifier; expected the number of classes, "
            f"which is the largest label + 1. {two}"
        ]
    with pytest.raises(InputError) as raised:
        parse_hyperparameters({"predictor_type": "multiclass_classifier", "num_classes": "2"})
    assert str(raised.value).splitlines()[1:] == [
        f"- num_classes: expected auto or an integer in [3, 1000000], found '2'. {two}"
    ]


def test_a_loss_of_another_predictor_is_refused() -> None:
    with pytest.raises(
        InputError,
        match=r"expected auto or squared_loss or .* with predictor_type=regressor, found 'logistic'",
    ):
        parse_hyperparameters({"predictor_type": "regressor", "loss": "logistic"})


@pytest.mark.parametrize("name", [name for name, d in declarations().items() if d.range])
def test_every_bound_holds_from_both_sides(name: str) -> None:
    declaration = declarations()[name]
    interval = declaration.range
    assert interval is not None
    whole = declaration.type == "integer"
    for bound, closed, outwards in (
        (interval.low, interval.closed_low, -math.inf),
        (interval.high, interval.closed_high, math.inf),
    ):
        if math.isinf(bound):
            with pytest.raises(ValueError, match="inf"):
                declaration.parse_value(str(bound))
            continue
        inside = bound - math.copysign(1, outwards) if whole else math.nextafter(bound, -outwards)
        outside = bound + math.copysign(1, outwards) if whole else math.nextafter(bound, outwards)
        accepted, refused = ([bound, inside], [outside]) if closed else ([inside], [bound, outside])
        for value in accepted:
            assert declaration.parse_value(repr(int(value) if whole else value)) == value
        for value in refused:
            with pytest.raises(ValueError, match=r"\d"):
                declaration.parse_value(repr(int(value) if whole else value))


@pytest.mark.parametrize(("name", "choice"), [(n, c) for n, d in declarations().items() for c in d.choices])
def test_every_choice_is_accepted(name: str, choice: str) -> None:
    assert declarations()[name].parse_value(choice) == choice


@pytest.mark.parametrize("name", declarations())
def test_auto_is_accepted_exactly_where_it_is_declared(name: str) -> None:
    declaration = declarations()[name]
    if declaration.auto:
        assert declaration.parse_value("auto") is declaration.parse_value(" AUTO ") is None
    elif declaration.type != "text":
        with pytest.raises(ValueError, match="auto"):
            declaration.parse_value("auto")


@pytest.mark.parametrize("name", [name for name, d in declarations().items() if d.default is not None])
def test_every_default_is_valid(name: str) -> None:
    declaration = declarations()[name]
    declaration.parse_value(declaration.default or "")


@pytest.mark.parametrize("text", ["1_0", "0x10", "\u0661\u0660", "", "ten", "1e", "--1", "nan", "inf", "1,5", "None"])
def test_what_is_not_plainly_a_number_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="epochs: expected an integer"):
        parse_hyperparameters(BINARY | {"epochs": text})
    with pytest.raises(InputError, match="wd: expected auto or a number"):
        parse_hyperparameters(BINARY | {"wd": text})


def test_older_names_of_a_criterion_mean_the_newer_ones() -> None:
    hp = parse_hyperparameters(BINARY | {"binary_classifier_model_selection_criteria": "f1", "f_beta": "2"})
    assert (hp.selection.criterion, hp.selection.f_beta) == ("f_beta", 1.0)
    hp = parse_hyperparameters(BINARY | {"binary_classifier_model_selection_criteria": "cross_entropy_loss"})
    assert hp.selection.criterion == "loss_function"


@pytest.mark.parametrize(("text", "value"), [("balanced", "balanced"), ("auto", None), ("3", 3.0)])
def test_the_weight_of_positive_rows_is_a_number_or_a_word(text: str, value: object) -> None:
    assert (
        parse_hyperparameters(BINARY | {"positive_example_weight_mult": text}).objective.positive_example_weight_mult
        == value
    )


def test_what_does_not_apply_is_ignored_and_named() -> None:
    texts = BINARY | {"num_classes": "2", "quantile": "7", "target_recall": "0.9", "wd": "0.1"}
    hp = parse_hyperparameters(texts)
    assert ignored_names(texts, hp) == ["num_classes", "quantile", "target_recall"]
    assert hp.objective.quantile == 0.5


def find_applied(texts: dict[str, str]) -> dict[str, str]:
    return applied_configuration(texts, parse_hyperparameters(texts))


def test_what_applies_to_a_job_is_told_with_the_defaults() -> None:
    shared = {"wd": "0.1", "accuracy_top_k": "5", "_kvstore": "auto"}
    binary, multiclass, regressor = (
        find_applied(shared | texts)
        for texts in (
            BINARY,
            {"predictor_type": "multiclass_classifier", "num_classes": "3"},
            {"predictor_type": "regressor", "loss": "quantile_loss", "use_bias": "false"},
        )
    )
    assert (binary["wd"], binary["epochs"], "_kvstore" in binary) == ("0.1", "15", False)
    assert multiclass["accuracy_top_k"] == "5"
    assert not {"accuracy_top_k", "num_classes", "quantile", "normalize_label", "target_recall"} & {*binary}
    assert {"num_calibration_samples", "f_beta"} <= {*binary}
    assert "target_recall" in find_applied(
        BINARY | {"binary_classifier_model_selection_criteria": "precision_at_target_recall"}
    )
    assert regressor["quantile"] == "0.5"
    assert not {"accuracy_top_k", "f_beta", "huber_delta", "init_bias", "bias_lr_mult"} & {*regressor}


def test_faults_are_named_even_where_what_they_depend_on_is_faulty() -> None:
    with pytest.raises(InputError) as caught:
        parse_hyperparameters({"num_classes": "abc", "quantile": "7", "f_beta": "-1"})
    assert [line.split(":")[0] for line in str(caught.value).splitlines()[1:]] == [
        "- predictor_type",
        "- num_classes",
        "- f_beta",
    ]
    with pytest.raises(InputError, match=r"(?s)loss: .*margin: "):
        parse_hyperparameters(BINARY | {"loss": "hinge", "margin": "abc"})


def test_what_a_switch_a_tuning_job_or_an_older_name_overrides_is_named() -> None:
    cases: list[tuple[dict[str, str], list[str]]] = [
        ({"use_lr_scheduler": "false", "lr_scheduler_step": "5"}, ["lr_scheduler_step"]),
        ({"use_bias": "false", "bias_lr_mult": "5", "init_bias": "1"}, ["bias_lr_mult", "init_bias"]),
        ({"_tuning_objective_metric": "x", "num_models": "5"}, ["num_models"]),
        ({"binary_classifier_model_selection_criteria": "f1", "f_beta": "2"}, ["f_beta"]),
        ({"optimizer": "adam", "momentum": "0.5"}, ["momentum"]),
    ]
    for texts, names in cases:
        assert ignored_names(BINARY | texts, parse_hyperparameters(BINARY | texts)) == names


def test_every_extension_stands_among_the_differences() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "differences.md").read_text(encoding="utf-8")
    extensions = [name for name, declaration in declarations().items() if "extension of ours" in declaration.about]
    assert "seed" in extensions
    assert [name for name in extensions if f"`{name}" not in page] == []
