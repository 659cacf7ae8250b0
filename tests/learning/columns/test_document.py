"""A recipe is read back from an artifact as it was written, and no damage to it goes unseen or crashes."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_algorithms.learning.columns.dates import FORMS
from open_algorithms.learning.columns.document import read_recipe, write_recipe
from open_algorithms.learning.columns.encode import encode_labels, encode_rows
from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.columns.notation import Notation
from open_algorithms.learning.columns.recipe import (
    BooleanColumn,
    CategoryColumn,
    DateColumn,
    LeftOutColumn,
    NumberColumn,
    Recipe,
    Target,
    WeightColumn,
)
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.csr import as_dense
from tests.chance import draw_examples
from tests.learning.columns.arrays import coded_array

NUMBERS = st.floats(-1e30, 1e30)
NOTATIONS = st.builds(
    Notation,
    st.just("."),
    st.sampled_from(["", ",", "'", "_", " "]),
    st.sampled_from(["", "%", "$", "kg", "R$", "(a|"]),
) | st.builds(Notation, st.just(","), st.sampled_from(["", ".", "'", " "]), st.sampled_from(["", "€"]))
NAME = st.text(max_size=5)


def subset(*numbers: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Draw some of numbers in their order."""
    return st.sets(st.sampled_from(numbers)).map(lambda found: tuple(sorted(found)))


COLUMNS = st.one_of(
    st.builds(NumberColumn, NAME, NUMBERS, NUMBERS, st.booleans(), NOTATIONS),
    st.builds(BooleanColumn, NAME, st.floats(0, 1), st.booleans()),
    st.builds(
        DateColumn,
        NAME,
        st.sampled_from(FORMS),
        NUMBERS,
        subset(*range(1, 13)),
        subset(*range(7)),
        subset(*range(24)),
        st.booleans(),
        st.sampled_from(["", *FORMS]),
    ),
    st.builds(CategoryColumn, NAME, st.lists(NAME, unique=True).map(tuple), st.booleans(), st.booleans()),
    st.builds(LeftOutColumn, NAME, NAME),
    st.builds(WeightColumn, NAME, NOTATIONS),
)
CLASSES: st.SearchStrategy[list[Any]] = (
    st.lists(NAME, unique=True, min_size=2) | st.lists(NUMBERS, unique=True, min_size=2) | st.just([])
)
TARGETS = st.none() | st.builds(Target, st.just("the target"), CLASSES.map(tuple), NOTATIONS)
RECIPES = st.builds(Recipe, st.lists(COLUMNS, unique_by=lambda column: column.name).map(tuple), TARGETS)


def write_json(recipe: Recipe) -> Any:
    """Return a recipe as JSON brings it back."""
    return json.loads(json.dumps(write_recipe(recipe)))


@draw_examples(40)
@given(RECIPES)
def test_a_recipe_is_read_back_as_it_was_written(recipe: Recipe) -> None:
    assert read_recipe(write_json(recipe), "columns.json") == recipe


WHOLE = Recipe(
    (
        NumberColumn("n", 2.0, 1.0, True, Notation(",", ".", "€")),
        BooleanColumn("b", 0.5, True),
        DateColumn("d", "month/day/2018", 17605.0, (3, 4), (0, 3), (10, 12), True, "day/month/2018"),
        CategoryColumn("c", ("red", "blue"), True, True),
        LeftOutColumn("i", "an index"),
        WeightColumn("w", Notation(",", ".")),
    ),
    Target("y", ("bad", "good")),
)
TABLE = {
    "n": coded_array(["1,5 €", "2", None, "3"]),
    "b": coded_array(["yes", "no", None, "t"]),
    "d": coded_array(["03/04/2018", "2018-03-15", None, "12/25/2018 10:00"]),
    "c": coded_array(["red", "green", None, "blue"]),
    "i": coded_array(["1", "2", "3", "4"]),
    "y": coded_array(["good", "bad", "good", None]),
}
STRANGE: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2.5,
    1e39,
    float("nan"),
    float("inf"),
    10**400,
    "",
    "x",
    "12:30",
    ",",
    "5",
    "x" * 99,
    [],
    [1],
    ["x", "x"],
    ["x"],
    [24],
    [4, 3],
    [[]],
    [None],
    [True],
    {},
    {"a": 1},
)


def places(found: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the places of all values in JSON values."""
    yield path
    inner = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key))


def put_value(found: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return JSON values with another one at a place."""
    if not path:
        return value
    found = deepcopy(found)
    inner = found
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return found


def remove_value(found: Any, path: tuple[Any, ...]) -> Any:
    """Return JSON values without the one at a place."""
    found = deepcopy(found)
    inner = found
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return found


def use_damaged(damaged: Any) -> str:
    """Read damaged JSON values, and use the recipe where it is one; return what came of it."""
    try:
        recipe = read_recipe(damaged, "columns.json")
    except InputError:
        return "refused"
    assert read_recipe(write_json(recipe), "columns.json") == recipe
    try:
        if recipe.encoded_columns and {*recipe.needed_names} <= TABLE.keys():
            features = as_dense(encode_rows(recipe, TABLE).features)
            assert features.shape == (4, len(recipe.feature_names))
            assert np.isfinite(features).all()
        if recipe.target is not None:
            encode_labels(recipe.target, TABLE["y"])
    except ColumnFault:
        return "fault"
    return "used"


@pytest.mark.parametrize("path", [path for path in places(write_json(WHOLE)) if path])
def test_a_value_that_is_damaged_is_refused_or_another_valid_one(path: tuple[Any, ...]) -> None:
    whole = write_json(WHOLE)
    found = [use_damaged(put_value(whole, path, value)) for value in STRANGE]
    found.append(use_damaged(remove_value(whole, path)))
    assert "refused" in found


WRONG: list[tuple[tuple[Any, ...], Any]] = [
    (("columns", 0, "kind"), "text"),
    (("columns", 0, "mean"), 1e39),
    (("columns", 0, "offset"), -3.4028e38),
    (("columns", 0, "notation", "unit"), "x" * 99),
    (("columns", 0, "notation", "unit"), "5"),
    (("columns", 0, "notation", "decimal"), "."),
    (("columns", 0, "notation", "group"), "-"),
    (("columns", 2, "form"), "soon"),
    (("columns", 2, "months"), [4, 3]),
    (("columns", 2, "months"), [0]),
    (("columns", 2, "weekdays"), [7]),
    (("columns", 2, "hours"), [24]),
    (("columns", 3, "levels"), ["x", "x"]),
    (("columns", 3, "has_other"), 1),
    (("target", "classes"), ["x"]),
    (("target", "classes"), [2, 2.0]),
    (("target", "classes"), ["x", 1]),
]


@pytest.mark.parametrize(("path", "value"), WRONG)
def test_a_value_that_cannot_be_is_refused(path: tuple[Any, ...], value: Any) -> None:
    whole = put_value(write_json(WHOLE), ("columns", 0, "mean"), 1e38)
    assert use_damaged(put_value(whole, path, value)) == "refused"


def test_what_is_undamaged_is_used() -> None:
    assert use_damaged(write_json(WHOLE)) == "used"


@pytest.mark.parametrize("found", STRANGE)
def test_what_is_no_recipe_is_refused(found: Any) -> None:
    with pytest.raises(InputError, match=r"^columns.json says columns of version .*; expected 1"):
        read_recipe(found, "columns.json")


def test_a_name_that_comes_twice_is_refused() -> None:
    for recipe in (Recipe(WHOLE.columns[:1] * 2), Recipe(WHOLE.columns, Target("n"))):
        with pytest.raises(InputError, match="a name that comes twice"):
            read_recipe(write_json(recipe), "columns.json")


def test_a_recipe_of_before_there_was_another_form_of_its_dates_is_read() -> None:
    written = write_json(WHOLE)
    del written["columns"][2]["other_form"]
    column = read_recipe(written, "columns.json").columns[2]
    assert isinstance(column, DateColumn)
    assert column.other_form == ""
