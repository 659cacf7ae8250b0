"""What was decided of the columns is told in a table that a newcomer understands."""

import pytest

from open_algorithms.learning.columns.describe import describe_column, describe_recipe, list_column_fields, shorten
from open_algorithms.learning.columns.notation import Notation
from open_algorithms.learning.columns.recipe import (
    BooleanColumn,
    CategoryColumn,
    Column,
    DateColumn,
    LeftOutColumn,
    NumberColumn,
    Recipe,
    Target,
    WeightColumn,
)


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        (NumberColumn("c", 2.5), ["number", "1", ""]),
        (
            NumberColumn("c", 1500000000.5, 1.5e9, True, Notation(".", ",", "$")),
            [
                "number",
                "2",
                "in $, with ',' between digits; less 1500000000; "
                "missing: the mean, 1.5e+09, and a feature that says so",
            ],
        ),
        (BooleanColumn("c", 0.25, True), ["boolean", "2", "missing: the mean, 0.25, and a feature that says so"]),
        (
            DateColumn("c", "month/day/2018", 0.0, (1, 2), other_form="day/month/2018"),
            ["date", "3", "like month/day/2018: days, months; all would be dates like day/month/2018, too"],
        ),
        (CategoryColumn("c", ("red", "it's"), True, True), ["category", "4", "'red', \"it's\", others, missing"]),
        (LeftOutColumn("c", "it is empty"), ["left out", "0", "it is empty"]),
        (WeightColumn("c"), ["weight", "0", "how much each row counts"]),
    ],
)
def test_a_column_is_told_by_its_kind_its_features_and_what_else_was_decided(column: Column, cells: list[str]) -> None:
    assert describe_column(column) == cells


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target("y", ("no", 1.0)), "classes 'no', '1'"),
        (Target("y"), "numbers"),
        (Target("y", (), Notation(unit="%")), "numbers, in %"),
    ],
)
def test_the_target_comes_first(target: Target, words: str) -> None:
    table = describe_recipe(Recipe((NumberColumn("x", 0.0),), target))
    assert table.rows == [["y", "target", "", words], ["x", "number", "1", ""]]


def test_of_many_levels_the_first_are_told() -> None:
    assert shorten([*"abcdefg"], []) == "a, b, c, d, e, f, g"
    assert shorten([*"abcdefgh"], ["others"]) == "a, b, c, d, e, f, 2 more, others"


def test_a_form_asks_for_each_column_by_its_levels_or_by_what_is_usual() -> None:
    recipe = Recipe(
        (
            NumberColumn("n", 2.5),
            BooleanColumn("b", 0.5),
            DateColumn("d", "2018-03-15", 17000.0),
            CategoryColumn("c", ("red", "blue")),
            CategoryColumn("wide", tuple(f"level {i}" for i in range(501))),
            LeftOutColumn("id", "an index"),
        )
    )
    assert list_column_fields(recipe) == [
        ("n", (), "2.5"),
        ("b", ("true", "false"), ""),
        ("d", (), "2018-03-15"),
        ("c", ("red", "blue"), ""),
        ("wide", (), "level 0"),
    ]
