"""The recipe of a table: what each of its columns is, and the features that it becomes."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from open_algorithms.learning.columns.notation import PLAIN, Notation
from open_algorithms.learning.columns.values import write_class

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SPARSE_WIDTH = 1024  # features, from which on rows are sparse where nearly all are 0
SPARSE_FACTOR = 32  # features for each that may differ from 0, from which on nearly all are 0


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers: the feature is the number less `offset`, and that of a missing one is `mean` less `offset`.

    With `has_missing` a second feature is 1 where the number is missing. `notation` is how texts write the numbers.
    """

    name: str
    mean: float
    offset: float = 0.0
    has_missing: bool = False
    notation: Notation = PLAIN

    @property
    def feature_names(self) -> list[str]:
        """The names of its features."""
        return [self.name, *name_missing(self)]


@dataclass(frozen=True)
class BooleanColumn:
    """A column of truth values: the feature is 1 for true and 0 for false, and `mean` for a missing one.

    With `has_missing` a second feature is 1 where the value is missing.
    """

    name: str
    mean: float
    has_missing: bool = False

    @property
    def feature_names(self) -> list[str]:
        """The names of its features."""
        return [self.name, *name_missing(self)]


@dataclass(frozen=True)
class DateColumn:
    """A column of dates or times, written in `form`.

    The first feature is the days since 1970-01-01, with the time of day as a fraction, less `mean`; 0 for a missing
    date. One-hot features follow for the numbers in `months` (1 to 12), `weekdays` (0 is Monday) and `hours`, and with
    `has_missing` one that is 1 where the date is missing. `other_form` is one that could have been meant as well.
    """

    name: str
    form: str
    mean: float
    months: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    has_missing: bool = False
    other_form: str = ""

    @property
    def feature_names(self) -> list[str]:
        """The names of its features."""
        return [
            f"{self.name} (days)",
            *(f"{self.name} (month={MONTHS[month - 1]})" for month in self.months),
            *(f"{self.name} (weekday={WEEKDAYS[day]})" for day in self.weekdays),
            *(f"{self.name} (hour={hour})" for hour in self.hours),
            *name_missing(self),
        ]


@dataclass(frozen=True)
class CategoryColumn:
    """A column of categories, one-hot: a feature for each of `levels`, then for all others, then for a missing one.

    Without `has_other` or `has_missing` that feature is not there, and all features of such a row are 0.
    """

    name: str
    levels: tuple[str, ...]
    has_other: bool = False
    has_missing: bool = False

    @property
    def feature_names(self) -> list[str]:
        """The names of its features."""
        return [
            *(f"{self.name}={level}" for level in self.levels),
            *([f"{self.name} (other)"] if self.has_other else []),
            *name_missing(self),
        ]

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each level among the features."""
        return {level: place for place, level in enumerate(self.levels)}


@dataclass(frozen=True)
class LeftOutColumn:
    """A column that becomes no feature, and why."""

    name: str
    reason: str

    @property
    def feature_names(self) -> list[str]:
        """No names."""
        return []


@dataclass(frozen=True)
class WeightColumn:
    """A column that becomes no feature but says how much each row counts; `notation` is how texts write its numbers."""

    name: str
    notation: Notation = PLAIN

    @property
    def feature_names(self) -> list[str]:
        """No names."""
        return []


Column = NumberColumn | BooleanColumn | DateColumn | CategoryColumn | LeftOutColumn | WeightColumn


@dataclass(frozen=True)
class Target:
    """The column that is predicted: the classes in the order of their numbers, or none where labels are numbers.

    Classes are texts, or numbers that answers give as numbers. `notation` is how texts write the labels of a regressor.
    """

    name: str
    classes: tuple[str | float, ...] = ()
    notation: Notation = PLAIN


class ColumnFeatures(NamedTuple):
    """A column that becomes features: those from `first` to before `last`."""

    column: Column
    first: int
    last: int


@dataclass(frozen=True)
class Recipe:
    """How the rows of a table become features: its columns without the target, in the order of the training data."""

    columns: tuple[Column, ...]
    target: Target | None = None

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        """The distinct names of the features."""
        return make_distinct([name for column in self.columns for name in column.feature_names])

    @cached_property
    def encoded_columns(self) -> tuple[ColumnFeatures, ...]:
        """The columns that become features, in their order."""
        found, first = [], 0
        for column in self.columns:
            if last := len(column.feature_names):
                found.append(ColumnFeatures(column, first, first + last))
                first += last
        return tuple(found)

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """The classes as texts, in the order of their numbers; empty where labels are the numbers themselves."""
        return () if self.target is None else tuple(map(write_class, self.target.classes))

    def group_by_column(self, features: Sequence[int]) -> list[int]:
        """Return feature numbers with those of one column together, columns in the order of their first."""
        firsts = [found.first for found in self.encoded_columns]
        owners = [bisect_right(firsts, feature) for feature in features]
        ranks = {owner: rank for rank, owner in reversed([*enumerate(owners)])}
        return [feature for _, feature in sorted(zip(owners, features, strict=True), key=lambda pair: ranks[pair[0]])]

    @property
    def column_names(self) -> list[str]:
        """The names of all columns without the target, in the order of the training data."""
        return [column.name for column in self.columns]

    @property
    def needed_names(self) -> list[str]:
        """The names of the columns that become features."""
        return [found.column.name for found in self.encoded_columns]

    @property
    def is_mixed(self) -> bool:
        """Whether other columns than numbers become features, too."""
        return not all(isinstance(found.column, NumberColumn) for found in self.encoded_columns)

    @property
    def is_sparse(self) -> bool:
        """Whether rows are sparse: the features are many, and most of them are 0 in every row."""
        width, filled = len(self.feature_names), sum(map(count_filled, self.columns))
        return width >= SPARSE_WIDTH and width >= SPARSE_FACTOR * filled


def count_filled(column: Column) -> int:
    """Return how many features of a column differ from 0 in a row at most."""
    match column:
        case DateColumn():
            return 1 + sum(map(bool, (column.months, column.weekdays, column.hours)))
        case LeftOutColumn() | WeightColumn():
            return 0
        case _:
            return 1


def name_missing(column: NumberColumn | BooleanColumn | DateColumn | CategoryColumn) -> list[str]:
    """Return the name of the feature for missing values, if the column has one."""
    return [f"{column.name} (missing)"] if column.has_missing else []


def make_distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Append a number to names that come again.

    >>> make_distinct(["a", "b", "a"])
    ('a', 'b', 'a #2')
    """
    given, taken, distinct = set(names), set[str](), []
    for name in names:
        own, number = name, 1
        while own in taken or (number > 1 and own in given):
            number += 1
            own = f"{name} #{number}"
        taken.add(own)
        distinct.append(own)
    return tuple(distinct)
