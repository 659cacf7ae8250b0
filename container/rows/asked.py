"""Rows of a table in a request: columns of numbers and texts, of which the model itself makes features.

Tests: tests/contract/test_asked_rows.py.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

from container.contract.errors import DecodeError
from container.rows.columns import list_differences, make_names_distinct, show_names
from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.rows.csr import Features

Arrays = Mapping[str, Any]  # an arrow array of float64 or texts by the name of its column

_VALUES_AT_ONCE = 1 << 20  # of features that are made at once, since a text may become thousands
_MOST_NAMES = 40  # of columns in a message that tells all of them


class Target(Protocol):
    """What is predicted: its name, and the classes in the order of their numbers, none where labels are numbers."""

    @property
    def name(self) -> str:
        """The name of its column."""

    @property
    def classes(self) -> Sequence[str | float]:
        """The classes."""


class Recipe(Protocol):
    """How the rows of a table become features, as far as requests know it."""

    @property
    def column_names(self) -> Sequence[str]:
        """The names of all columns but the target, in the order of the training data."""

    @property
    def needed_names(self) -> Sequence[str]:
        """The names of the columns that become features."""

    @property
    def target(self) -> Target | None:
        """What is predicted."""


class EncodedRows(Protocol):
    """Features of n rows, and by column how many values are missing and how many are levels that are not known."""

    @property
    def features(self) -> Features:
        """The features, (n, feature_dim)."""

    @property
    def missing(self) -> Mapping[str, int]:
        """The missing values."""

    @property
    def unknown(self) -> Mapping[str, int]:
        """The unknown levels."""


@runtime_checkable
class TableModel(Protocol):
    """A model that makes features of the rows of a table itself, where it has a recipe."""

    @property
    def feature_dim(self) -> int:
        """The number of features of a record."""

    @property
    def recipe(self) -> Recipe | None:
        """How rows become features."""

    def encode_rows(self, arrays: Arrays) -> EncodedRows:
        """Make features of the needed columns; raises ColumnFault for a value that a column cannot have."""


class RowCounter(Protocol):
    """Counts what is odd about the rows of requests."""

    def count_values(self, missing: Mapping[str, int], unknown: Mapping[str, int]) -> None:
        """Count missing values and unknown levels by column."""

    def count_extra_columns(self) -> None:
        """Count a request with columns that the model does not know."""


@dataclass(frozen=True)
class AskedTable:
    """What reads the rows of a table in requests: the model's recipe; and what is told of them: a counter, warnings."""

    recipe: Recipe
    feature_dim: int
    encode: Callable[[Arrays], EncodedRows]
    warn: Callable[[str], None]
    counter: RowCounter | None = None

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns but the target, in the order of the training data."""
        return tuple(self.recipe.column_names)

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """The names of the columns that become features."""
        return tuple(self.recipe.needed_names)

    @cached_property
    def places(self) -> dict[str, int]:
        """The place among all columns of each that becomes features."""
        places = {name: place for place, name in enumerate(self.columns)}
        return {name: places[name] for name in self.needed}

    @cached_property
    def known(self) -> frozenset[str]:
        """The names of all columns and the target."""
        return frozenset([*self.columns, *([] if self.recipe.target is None else [self.recipe.target.name])])

    def explain_missing(self, missing: Sequence[str], extra: Sequence[str]) -> str:
        """Explain that columns are missing from a request; `extra` are those that the model does not know."""
        return f"expected the columns of the model: {list_differences(missing, extra)}"

    def explain_width(self, found: int, noun: str, remedy: str = "") -> str:
        """Explain a row of too many or too few fields; `remedy` is what else one may do about a target among them."""
        problem = (
            f"expected {len(self.columns)} {noun}, {show_names(self.columns, _MOST_NAMES)}, in this order, "
            f"found {found}"
        )
        if found == len(self.needed):
            return f"{problem}. Where columns are not named, those that the model leaves out are there too"
        if found != len(self.columns) + 1:
            return problem
        if self.recipe.target is None:
            return f"{problem}. Is one among them that the model does not know? Leave it out{remedy}"
        return f"{problem}. Is the target {self.recipe.target.name!r} among them? Leave it out{remedy}"


class AskedRows:
    """The rows of one request on their way to features; `number` is that of the next record."""

    def __init__(self, table: AskedTable) -> None:
        self.table = table
        self.number = 1

    def encode_columns(self, arrays: Arrays) -> Iterator[Features]:
        """Yield features of the next rows, given as needed columns of one length; raises DecodeError for a value."""
        rows = len(next(iter(arrays.values())))
        step = max(1, _VALUES_AT_ONCE // self.table.feature_dim)
        for first in range(0, rows, step):
            part = {name: values.slice(first, step) for name, values in arrays.items()} if rows > step else arrays
            try:
                encoded = self.table.encode(part)
            except ColumnFault as fault:
                place = [f"record {self.number + (fault.row or 0)}"]
                raise DecodeError(
                    fault.sentence, *place, *([f"column {fault.column!r}"] if fault.column else [])
                ) from None
            if self.table.counter is not None:
                self.table.counter.count_values(encoded.missing, encoded.unknown)
            yield self.pass_features(encoded.features)

    def find_columns(self, names: Sequence[str], index: Collection[int] = ()) -> dict[str, int]:
        """Return the place of each needed column among the names of a table, and note those that are not known.

        `index` are the places of the index of a frame, which is left out. Raises DecodeError where a column is missing,
        or there more than once.
        """
        left = [place for place in range(len(names)) if place not in index]
        distinct = make_names_distinct([names[place] for place in left])  # as in training
        places = dict(zip(distinct, left, strict=True))
        extra = [name for name, place in places.items() if name not in self.table.known and names[place]]
        if missing := [name for name in self.table.needed if name not in places]:
            raise DecodeError(self.table.explain_missing(missing, extra))
        if twice := [names[places[name]] for name in extra if names[places[name]] in self.table.places]:
            raise DecodeError(f"the column {twice[0]!r} is there more than once; leave one")
        self.note_extra(extra)
        return {name: places[name] for name in self.table.needed}

    def pass_features(self, X: Features) -> Features:
        """Pass on features of the next rows, counting these."""
        self.number += X.shape[0]
        return X

    def note_extra(self, names: Sequence[str]) -> None:
        """Warn of columns that the model does not know, if there are any, and count the request."""
        if names:
            shown = show_names(names)
            self.table.warn(f"Requests name columns that the model does not know; they are left out: {shown}")
            if self.table.counter is not None:
                self.table.counter.count_extra_columns()
