"""What the user sends is parsed by its declarations, and all faults are told at once."""

from typing import Any

import pytest

from open_algorithms.learning.job.errors import InputError
from open_algorithms.pca.options.hyperparameters import (
    applied_configuration,
    declarations,
    parse_hyperparameters,
    require_few_components,
)


def test_defaults_are_those_of_the_original() -> None:
    hp = parse_hyperparameters({"num_components": "3"})
    assert (hp.algorithm_mode, hp.subtract_mean, hp.normalize_data, hp.mini_batch_size) == ("regular", True, None, 500)
    assert (hp.num_components, hp.feature_dim, hp.extra_components, hp.seed) == (3, None, 10, 0)


@pytest.mark.parametrize(("count", "sent", "extra"), [(3, "-1", 10), (30, "-1", 30), (30, "0", 0), (3, "7", 7)])
def test_extra_components_are_ten_or_as_many_as_components(count: int, sent: str, extra: int) -> None:
    texts = {"num_components": str(count), "extra_components": sent, "algorithm_mode": "randomized"}
    assert parse_hyperparameters(texts).extra_components == extra


@pytest.mark.parametrize(
    ("texts", "fault"),
    [
        ({}, r"- num_components: it is required; expected an integer in \[1, inf\)"),
        ({"num_components": "0"}, r"- num_components: expected an integer in \[1, inf\), found '0'"),
        ({"num_components": "2", "feature_dim": "0"}, r"- feature_dim: expected auto or an integer in \[1, inf\)"),
        ({"num_components": "5", "feature_dim": "4"}, "- num_components: expected at most as many .* the 4 features"),
        ({"num_components": "2", "algorithm_mode": "fast"}, "- algorithm_mode: expected regular or randomized"),
        ({"num_components": "2", "subtract_mean": "yes"}, "- subtract_mean: expected true or false, found 'yes'"),
        (
            {"num_components": "2", "extra_components": "-2", "algorithm_mode": "randomized"},
            r"- extra_components: expected an integer in \[-1, inf\), found '-2'",
        ),
        ({"num_components": "2", "mini_batch_size": "0"}, r"- mini_batch_size: expected an integer in \[1, inf\)"),
        ({"num_components": "2", "seed": "-1"}, "- seed: expected an integer in"),
        ({"num_component": "2"}, "- num_component: .* did you mean num_components?"),
        ({"num_components": "2", "column_types": "a=nothing"}, "- column_types: "),
    ],
)
def test_a_fault_is_told_by_name(texts: dict[str, str], fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        parse_hyperparameters(texts)


def test_more_components_than_features_are_refused_once_these_are_known() -> None:
    require_few_components(3, 3)
    with pytest.raises(InputError, match="at most as many components as the 3 features of the data, found 4"):
        require_few_components(4, 3)


def test_what_the_original_sends_of_itself_is_taken() -> None:
    texts = {
        "num_components": "33",
        "feature_dim": "34",
        "mini_batch_size": "500",
        "_kvstore": "dist_sync",
        "_num_kv_servers": "auto",
        "_num_gpus": "auto",
        "_log_level": "info",
        "force_dense": "true",
        "epochs": "1",
        "_tuning_objective_metric": "",
    }
    assert parse_hyperparameters(texts).num_components == 33


@pytest.mark.parametrize(
    ("texts", "kinds"),
    [({"ignore": "a, b"}, {"a": "ignore", "b": "ignore"}), ({"column_types": "c=date"}, {"c": "date"})],
)
def test_columns_are_what_the_user_says(texts: dict[str, str], kinds: dict[str, Any]) -> None:
    assert parse_hyperparameters({"num_components": "1", **texts}).kinds == kinds


def test_each_declaration_says_what_it_is_about() -> None:
    assert all(declaration.about.endswith(".") for declaration in declarations().values())


def test_what_applies_to_a_job_is_told_with_the_defaults() -> None:
    texts = {"num_components": "2", "feature_dim": "5", "mini_batch_size": "10", "_kvstore": "auto"}
    assert "extra_components" not in applied_configuration(texts, parse_hyperparameters(texts))
    texts["algorithm_mode"] = "randomized"
    randomized = applied_configuration(texts, parse_hyperparameters(texts))
    assert (randomized["extra_components"], randomized["num_components"]) == ("-1", "2")
    assert "_kvstore" not in randomized
