"""Columns as arrow delivers them, and what is found out of them, for the tests."""

from collections.abc import Sequence
from typing import Any

import pyarrow

from open_algorithms.learning.columns.infer import infer_column, infer_recipe
from open_algorithms.learning.columns.recipe import Column, Recipe
from open_algorithms.learning.columns.survey import survey_column
from open_algorithms.learning.columns.wishes import ColumnWishes

Texts = Sequence[str | None]


def text_array(texts: Texts) -> Any:
    """Return texts, as they are where no dictionary is asked for."""
    return pyarrow.array(texts, pyarrow.string())


def coded_array(texts: Texts) -> Any:
    """Return texts by a dictionary, as CSV is read."""
    return text_array(texts).dictionary_encode()


def number_array(numbers: Sequence[float | None]) -> Any:
    """Return numbers."""
    return pyarrow.array(numbers, pyarrow.float64())


def find_kind(*parts: Any, wished: str | None = None) -> Column:
    """Return what a column of these parts is."""
    wishes = ColumnWishes(types={} if wished is None else {"c": wished})
    return infer_column(survey_column("c", parts, as_text=wishes.need_texts("c")), wishes)


def find_recipe(table: dict[str, Any], wishes: ColumnWishes = ColumnWishes(has_target=False)) -> Recipe:  # noqa: B008
    """Return the recipe of a table of whole columns."""
    target = wishes.target or next(iter(table))
    return infer_recipe(
        [
            survey_column(name, [values], wishes.need_texts(name, wishes.has_target and name == target))
            for name, values in table.items()
        ],
        wishes,
    )
