"""People who say nothing have rows held out, or dealt to folds where these are few enough."""

import pytest

from open_algorithms.learning.options.selection import usual_selection

BOTH = {"holdout", "folds", "epochs"}
HELD, DEALT = {"holdout": "0.2"}, {"folds": "5"}


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, HELD | DEALT),
        ({"holdout": "auto", "folds": "auto", "epochs": "3"}, HELD | DEALT),
        ({"folds": "0"}, HELD),
        ({"folds": "7"}, {}),
        ({"holdout": "0"}, {}),
        ({"holdout": "0.3"}, {}),
        ({"holdout": "0.3", "folds": "auto"}, {}),
        ({"holdout": "0", "folds": "5"}, {}),
    ],
)
def test_what_the_user_says_of_one_settles_both(chosen: dict[str, str], expected: dict[str, str]) -> None:
    assert usual_selection(chosen, BOTH) == expected


def test_an_algorithm_is_told_only_what_it_knows() -> None:
    assert usual_selection({}, {"holdout"}) == HELD
    assert usual_selection({}, {"folds"}) == DEALT
    assert usual_selection({}, {"k"}) == {}
