"""What the features of a model are to people: numbers, shares of rows with a level, days, or times of day."""

import math
from typing import NamedTuple

import numpy as np

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.learning.columns.dates import CLOCK
from open_algorithms.learning.columns.recipe import DateColumn, NumberColumn
from open_algorithms.learning.showing.axes import format_axis_number
from open_algorithms.learning.showing.words import NO_VALUE

NUMBER, SHARE, DAYS, TIME = "number", "share", "days", "time"
DIGITS, MOST_DIGITS = 3, 12  # of a number beyond those that all rows share, and at most
WHOLE_DIGITS = 7  # of a whole number that is written out
EPOCH = np.datetime64("1970-01-01", "D")
MINUTES = 24 * 60
NOISE = 0.005  # of a day, which float32 may leave out


class FeatureKind(NamedTuple):
    """What the mean of a feature is, and what is to be added to it: what a recipe has subtracted."""

    what: str = NUMBER
    offset: float = 0.0

    def write(self, value: float, spread: float) -> str:
        """Write a value of the feature, whose rows differ by about `spread`; the offset has been added to it.

        >>> FeatureKind(SHARE).write(0.25, 0.4)
        '25%'
        """
        if not math.isfinite(value):
            return NO_VALUE
        if self.what == SHARE:
            return f"{max(value, 0):.0%}"
        if self.what in (DAYS, TIME):
            return write_days(value, is_time=self.what == TIME)
        return format_axis_number(value, count_digits(value, spread))


def write_days(days: float, *, is_time: bool) -> str:
    """Write days since 1970-01-01 as a date, or what part of one is over as a time.

    >>> write_days(0.75, is_time=True)
    '18:00'
    """
    if is_time:
        hour, minute = divmod(round(days % 1 * MINUTES) % MINUTES, 60)
        return f"{hour:02}:{minute:02}"
    return str(EPOCH + math.floor(days + NOISE))


def count_digits(value: float, spread: float) -> int:
    """Return how many digits tell a number from others that differ from it by about `spread`, and show it as a whole.

    >>> count_digits(1234.5, 10)
    5
    """
    size = math.floor(math.log10(abs(value))) if value else 0
    precise = DIGITS + size - (math.floor(math.log10(spread)) if 0 < spread < math.inf else size)
    return min(max(DIGITS, precise, min(size + 1, WHOLE_DIGITS)), MOST_DIGITS)


PLAIN = FeatureKind()


def list_kinds(model: CentroidModel) -> dict[int, FeatureKind]:
    """Return the kinds of the features of a table's columns; all others are plain numbers."""
    found: dict[int, FeatureKind] = {}
    for column, first, last in () if model.recipe is None else model.recipe.encoded_columns:
        found |= dict.fromkeys(range(first, last), FeatureKind(SHARE))
        if isinstance(column, NumberColumn):
            found[first] = FeatureKind(NUMBER, column.offset)
        elif isinstance(column, DateColumn):
            found[first] = FeatureKind(TIME if column.form == CLOCK else DAYS, column.mean)
    return found
