"""Users and items are the columns that a user would take for them, or it is said which there are."""

import re

import pytest

from open_algorithms.factorization_machines.recommending.pairs import choose_pair, find_pair
from open_algorithms.learning.columns.recipe import NumberColumn, Recipe
from open_algorithms.learning.job.errors import InputError
from tests.factorization_machines.pairs import ITEM, PAIR, PLACE, USER, WITH_CONTEXT, WITH_PLACE


@pytest.mark.parametrize("recipe", [PAIR, WITH_CONTEXT])
def test_of_two_columns_of_categories_the_first_has_users_and_the_second_items(recipe: Recipe) -> None:
    pair = choose_pair(recipe)
    assert (pair.user.column, pair.item.column) == (USER, ITEM)
    assert find_pair(recipe) == pair
    names = recipe.feature_names
    assert names[pair.user.span] == tuple(f"user={level}" for level in USER.levels)
    assert names[pair.item.first : pair.item.last] == tuple(ITEM.feature_names)


@pytest.mark.parametrize("said", [("movie", "user"), ("movie", ""), ("", "user")])
def test_names_say_otherwise(said: tuple[str, str]) -> None:
    pair = choose_pair(PAIR, *said)
    assert (pair.user.column, pair.item.column) == (ITEM, USER)


def test_of_more_columns_of_categories_the_user_names_both() -> None:
    assert find_pair(WITH_PLACE) is None
    pair = choose_pair(WITH_PLACE, "user", "place")
    assert (pair.user.column, pair.item.column) == (USER, PLACE)
    for said in (("", ""), ("user", "")):
        with pytest.raises(InputError, match="3 columns of categories, 'place', 'user', 'movie'"):
            choose_pair(WITH_PLACE, *said)


@pytest.mark.parametrize(
    ("recipe", "said", "message"),
    [
        (None, ("", ""), "trained on numbers"),
        (Recipe((NumberColumn("age", 1.0), USER)), ("", ""), "categories, 'user'. Train it"),
        (Recipe((NumberColumn("age", 1.0),)), ("", ""), "categories, none. Train it"),
        (
            PAIR,
            ("viewer", ""),
            "user_column: expected one of the model's columns of categories, 'user', 'movie'",
        ),
        (PAIR, ("", "film"), "item_column: expected one of"),
        (PAIR, ("user", "user"), "expected two columns, found 'user' for both"),
    ],
)
def test_what_is_not_there_is_said(recipe: Recipe | None, said: tuple[str, str], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        choose_pair(recipe, *said)
