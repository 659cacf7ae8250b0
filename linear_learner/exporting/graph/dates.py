"""Month, weekday and hour of dates that are days since 1970-01-01, in a graph.

The month is found by the formula of Howard Hinnant's `civil_from_days`, in doubles.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from linear_learner.exporting.columns.places import NOWHERE, ColumnPlaces
from linear_learner.exporting.graph.parts import INT64
from linear_learner.exporting.graph.values import Value, constant_value, stack_columns
from open_algorithms.learning.types.arrays import Int64s

FARTHEST_DAY = 4e6  # from 1970-01-01
LEAST_HOUR = 1e-7  # by which a fraction of a day may fall short of its hour


def place_dates(inputs: Sequence[tuple[ColumnPlaces, Value]]) -> list[Value]:
    """Return the places (n, m) of the months, of the weekdays and of the hours of m columns, NOWHERE if it has none."""
    places = [own for own, _ in inputs]
    days = stack_columns([value for _, value in inputs])
    gone = days.apply("IsNaN")
    day = gone.choose(0.0, days).apply("Clip", -FARTHEST_DAY, FARTHEST_DAY)
    found = []
    for part, (size, find) in FINDERS.items():
        if any(part in own.parts for own in places):
            number = find(day).cast(INT64) + np.arange(0, size * len(places), size)
            table = constant_value(day.graph, write_table([own.parts.get(part, {}) for own in places], size))
            found.append(gone.choose(np.int64(NOWHERE), table.apply("Gather", number)))
    return found


def write_table(places: Sequence[Mapping[int, int]], size: int) -> Int64s:
    """Return the place of each number below `size`, of one column after the other."""
    return np.array([own.get(number, NOWHERE) for own in places for number in range(size)], np.int64)


def month_of(days: Value) -> Value:
    """Return the month of dates, from 1 on."""
    since_march = days.floor() + 719_468.0  # in the year 0
    day = since_march - (since_march / 146_097.0).floor() * 146_097.0  # of 400 years
    leaps = (day / 1_460.0).floor() - (day / 36_524.0).floor() + (day / 146_096.0).floor()
    year = ((day - leaps) / 365.0).floor()
    of_year = day - (year * 365.0 + (year / 4.0).floor() - (year / 100.0).floor())
    month = ((of_year * 5.0 + 2.0) / 153.0).floor()  # from March on
    return month.apply("Less", 10.0).choose(month + 3.0, month - 9.0)


def weekday_of(days: Value) -> Value:
    """Return the weekday of dates; 0 is Monday."""
    since_monday = days.floor() + 3.0
    return since_monday - (since_monday / 7.0).floor() * 7.0


def hour_of(days: Value) -> Value:
    """Return the hour of dates."""
    return ((days - days.floor()) * 24.0 + LEAST_HOUR).floor().apply("Min", 23.0)


# How many numbers from 0 on a part may have, and what finds it.
FINDERS: Mapping[str, tuple[int, Callable[[Value], Value]]] = {
    "months": (13, month_of),
    "weekdays": (7, weekday_of),
    "hours": (24, hour_of),
}
