"""A recipe names its features, and says where they are many and mostly 0."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_algorithms.learning.columns.recipe import (
    SPARSE_FACTOR,
    SPARSE_WIDTH,
    BooleanColumn,
    CategoryColumn,
    DateColumn,
    LeftOutColumn,
    NumberColumn,
    Recipe,
    make_distinct,
)


def wide_category(levels: int) -> CategoryColumn:
    """Return a column of so many levels."""
    return CategoryColumn("c", tuple(map(str, range(levels))))


def test_features_are_named_by_their_column_and_what_they_say() -> None:
    recipe = Recipe(
        (
            NumberColumn("n", 0.0, has_missing=True),
            BooleanColumn("b", 0.0),
            LeftOutColumn("id", "an index"),
            DateColumn("d", "2018-03-15", 0.0, (1, 12), (0, 6), (23,)),
            CategoryColumn("c", ("red",), True, True),
        )
    )
    assert recipe.feature_names == (
        *("n", "n (missing)", "b", "d (days)", "d (month=Jan)", "d (month=Dec)", "d (weekday=Mon)", "d (weekday=Sun)"),
        *("d (hour=23)", "c=red", "c (other)", "c (missing)"),
    )
    assert [(found.column.name, found.first, found.last) for found in recipe.encoded_columns] == [
        ("n", 0, 2),
        ("b", 2, 3),
        ("d", 3, 9),
        ("c", 9, 12),
    ]


def test_a_column_that_is_named_like_the_feature_of_another_is_told_apart() -> None:
    recipe = Recipe((CategoryColumn("a", ("b", "c")), NumberColumn("a=b", 0.0), NumberColumn("a=b #2", 0.0)))
    assert recipe.feature_names == ("a=b", "a=c", "a=b #3", "a=b #2")


@given(st.lists(st.sampled_from(["a", "a #2", "a #3", "b"]), max_size=8))
def test_names_are_distinct_and_those_that_come_once_are_kept(names: list[str]) -> None:
    distinct = make_distinct(names)
    assert len({*distinct}) == len(names)
    assert all(new == old for new, old in zip(distinct, names, strict=True) if names.count(old) == 1)


@pytest.mark.parametrize(
    ("recipe", "sparse"),
    [
        (Recipe((wide_category(SPARSE_WIDTH),)), True),
        (Recipe((wide_category(SPARSE_WIDTH - 1),)), False),
        (
            Recipe((wide_category(SPARSE_WIDTH), *[NumberColumn("n", 0.0)] * (SPARSE_WIDTH // SPARSE_FACTOR + 99))),
            False,
        ),
        (Recipe((wide_category(SPARSE_WIDTH), DateColumn("d", "2018", 0.0), LeftOutColumn("x", ""))), True),
    ],
)
def test_rows_are_sparse_where_features_are_many_and_mostly_0(recipe: Recipe, sparse: bool) -> None:
    assert recipe.is_sparse is sparse


def test_columns_are_mixed_where_another_than_a_number_becomes_features() -> None:
    number, left_out = NumberColumn("n", 0.0, has_missing=True), LeftOutColumn("id", "an index")
    assert not Recipe((number, left_out)).is_mixed
    for other in (BooleanColumn("b", 0.0), wide_category(2), DateColumn("d", "2024-01-31", 0.0)):
        assert Recipe((number, other)).is_mixed
