"""What clients send as hyperparameters of K-Means is understood, or refused in one message."""

import pytest

from open_algorithms.k_means.options.hyperparameters import declarations, parse_hyperparameters
from open_algorithms.learning.job.errors import InputError


def test_k_alone_is_enough_and_the_rest_is_as_in_the_original() -> None:
    hp = parse_hyperparameters({"k": "8"})
    assert (hp.k, hp.ks, hp.start_centers, hp.mini_batch_size, hp.epochs) == (8, (8,), 80, 5000, 1)
    assert (hp.local_lloyd.trials, hp.local_lloyd.max_iter, hp.eval_metrics) == (10, 300, ("msd",))


@pytest.mark.parametrize("text", ['["msd","ssd"]', "['msd', 'ssd']", "[msd, ssd]", "msd,ssd"])
def test_metrics_are_a_list_however_clients_quote_it(text: str) -> None:
    assert parse_hyperparameters({"k": "2", "eval_metrics": text}).eval_metrics == ("msd", "ssd")


@pytest.mark.parametrize(
    ("texts", "ks"),
    [
        ({"k_range": "2-5"}, (2, 3, 4, 5)),
        ({"k_range": "3,5, 8-9"}, (3, 5, 8, 9)),
        ({"k": "4", "k_range": "2-3"}, (2, 3, 4)),
    ],
)
def test_several_numbers_of_clusters_are_a_range(texts: dict[str, str], ks: tuple[int, ...]) -> None:
    assert parse_hyperparameters(texts).ks == ks


@pytest.mark.parametrize(
    ("texts", "match"),
    [
        ({}, "k: it is required; expected the number of clusters, or k_range=2-12"),
        ({"k": "0"}, r"k: expected auto or an integer in \[1, 1000000\], found '0'"),
        ({"k_range": "5-2"}, "k_range: expected numbers such as 2-12 or 3,5,8, found '5-2'"),
        ({"k_range": "two"}, "k_range: expected numbers such as"),
        ({"k_range": "1-99999"}, "k_range: expected numbers such as"),
        ({"k": "2", "eval_metrics": "[mse]"}, r"eval_metrics: expected a list of msd and ssd.* found '\[mse\]'"),
        ({"k": "2", "eval_metrics": "[]"}, "eval_metrics: expected a list of msd and ssd"),
        ({"k": "2", "column_types": "a=text"}, "column_types: expected NAME=KIND"),
        ({"k": "2", "init": "random"}, "init: there is no such hyperparameter"),
    ],
)
def test_what_is_wrong_is_said(texts: dict[str, str], match: str) -> None:
    with pytest.raises(InputError, match=match):
        parse_hyperparameters(texts)


def test_every_default_is_valid() -> None:
    for declaration in declarations().values():
        declaration.parse_value(declaration.default or "")
