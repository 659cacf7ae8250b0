"""Frames whose columns are not all numbers: learn what they are, and encode their rows.

Tests: tests/estimators/inputs/test_reading.py.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from open_algorithms.estimators.inputs.frames import as_arrow, find_categories, read_columns
from open_algorithms.learning.columns.encode import Arrays, encode_rows
from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.columns.infer import infer_recipe
from open_algorithms.learning.columns.recipe import NumberColumn, Recipe, Target, make_distinct
from open_algorithms.learning.columns.survey import survey_column
from open_algorithms.learning.columns.wishes import ColumnWishes
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.csr import Features

ROWS_AT_ONCE = 1 << 16


def learn_columns(table: Any, types: Mapping[str, str]) -> tuple[Recipe, Arrays]:
    """Decide what the columns of an arrow table are; `types` are the kinds that the user says of some.

    Returns the recipe, without a target, and the columns that it encodes. Raises InputError where values contradict one
    another.
    """
    categories = dict.fromkeys(find_categories(table), "category")
    wishes = ColumnWishes(types={**categories, **types}, has_target=False)
    arrays = read_columns(table, [name for name in wishes.types if wishes.need_texts(name)])
    try:
        surveys = [survey_column(name, [values], wishes.need_texts(name)) for name, values in arrays.items()]
        recipe = infer_recipe(surveys, wishes)
    except ColumnFault as fault:
        raise InputError(f"X{show_column(fault)}: {fault.sentence}.") from None
    return recipe, {name: arrays[name] for name in recipe.needed_names}


def name_target(recipe: Recipe, name: str, classes: tuple[str | float, ...]) -> Recipe:
    """Return the recipe with its target, whose name is another where a column has that."""
    return replace(recipe, target=Target(make_distinct([*recipe.column_names, name])[-1], classes))


def arrange_columns(X: Any, recipe: Recipe) -> Arrays:
    """Return the columns of a frame that a recipe encodes."""
    numbers = {column.name for column in recipe.columns if isinstance(column, NumberColumn)}
    return read_columns(as_arrow(X), set(recipe.needed_names) - numbers, recipe.needed_names)


def encode_pieces(recipe: Recipe, arrays: Arrays) -> Iterator[Features]:
    """Yield the features of rows, so many at once; raises InputError for a value that its column cannot have."""
    rows = len(next(iter(arrays.values())))
    for first in range(0, rows, ROWS_AT_ONCE):
        try:
            yield encode_rows(recipe, {name: values.slice(first, ROWS_AT_ONCE) for name, values in arrays.items()})[0]
        except ColumnFault as fault:
            row = first + (fault.row or 0)
            raise InputError(f"X, row {row} (the first is 0){show_column(fault)}: {fault.sentence}.") from None


def show_column(fault: ColumnFault) -> str:
    """Return the column of a fault as a text that follows a place."""
    return f", column {fault.column!r}" if fault.column else ""
