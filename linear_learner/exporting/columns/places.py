"""Which features are what of a raw column: its number, each of its levels, a missing value.

Tests: tests/linear_learner/exporting/test_raw_columns.py.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from open_algorithms.learning.columns.recipe import (
    BooleanColumn,
    CategoryColumn,
    DateColumn,
    LeftOutColumn,
    NumberColumn,
    Recipe,
    WeightColumn,
)

RawColumn = NumberColumn | BooleanColumn | DateColumn | CategoryColumn
PARTS = ("months", "weekdays", "hours")
NOWHERE = -1  # the place behind all features, whose weight is 0


@dataclass(frozen=True)
class ColumnPlaces:
    """The places among all features of those of one column; NOWHERE where it has no such feature.

    The feature at `value` is a number less `offset`, or `fill` where it is missing. Of the places in one of `parts`,
    which are `months`, `weekdays` and `hours`, that of the date's number is 1. Of `levels` that of the text is 1, or
    else `other`. Where the value is missing, `missing` is 1 instead of all these.
    """

    column: RawColumn
    value: int = NOWHERE
    offset: float = 0.0
    fill: float = 0.0
    parts: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    levels: Mapping[str, int] = field(default_factory=dict)
    other: int = NOWHERE
    missing: int = NOWHERE


def find_all_places(recipe: Recipe) -> list[ColumnPlaces]:
    """Return the places of each column that becomes features."""
    return [
        find_places(found.column, found.first, found.last)
        for found in recipe.encoded_columns
        if not isinstance(found.column, LeftOutColumn | WeightColumn)
    ]


def find_places(column: RawColumn, first: int, last: int) -> ColumnPlaces:
    """Return the places of a column whose features begin at `first` and end before `last`."""
    match column:
        case NumberColumn():
            offset, fill = column.offset, column.mean - column.offset
            return ColumnPlaces(column, first, offset, float(np.float32(fill)), missing=end_place(column, last))
        case BooleanColumn():
            return ColumnPlaces(column, first, fill=float(np.float32(column.mean)), missing=end_place(column, last))
        case DateColumn():
            parts = dict(place_parts(column, first + 1))
            return ColumnPlaces(column, first, column.mean, parts=parts, missing=end_place(column, last))
        case CategoryColumn():
            levels = {level: first + place for level, place in column.places.items()}
            other = first + len(levels) if column.has_other else NOWHERE
            return ColumnPlaces(column, levels=levels, other=other, missing=end_place(column, last))


def end_place(column: RawColumn, last: int) -> int:
    """Return the place of the feature for missing values, which is a column's last."""
    return last - 1 if column.has_missing else NOWHERE


def place_parts(column: DateColumn, first: int) -> Iterator[tuple[str, dict[int, int]]]:
    """Yield each part of dates that is one-hot, with the places of its numbers."""
    for part in PARTS:
        if numbers := getattr(column, part):
            yield part, {number: first + place for place, number in enumerate(numbers)}
            first += len(numbers)
