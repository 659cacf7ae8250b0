"""Which columns of a file become the features of a model: by their names, or by how many there are.

Tests: tests/commands/test_predict.py.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from container.codecs.tabular.stacking import stack_columns
from container.contract.errors import DecodeError
from container.rows.asked import AskedTable
from container.rows.columns import arrange_numbered_features, list_differences, show_names
from container.rows.notices import OncePerLine
from open_algorithms.learning.columns.recipe import NumberColumn, Recipe
from open_algorithms.learning.rows.csr import Features

LABEL_FIRST = "text/csv;label_size=1"
LABEL_ADVICE = f", or say --content-type '{LABEL_FIRST}' if it comes first"


class Layout(Protocol):
    """Chooses the columns of a file and makes features of them; those in `text_names` are read as texts."""

    text_names: frozenset[str]

    def name_columns(self, count: int) -> Sequence[str]:
        """Name the columns of a file without names; raises DecodeError for another number than is known."""

    def choose_columns(self, names: Sequence[str]) -> Collection[str]:
        """Return the names of the columns that become features; raises DecodeError where one is missing."""

    def make_features(self, columns: Mapping[str, Any]) -> Features:
        """Make features (n, d) of rows by column; raises ColumnFault for a value that a column cannot have."""


class TableLayout:
    """The columns of the table that a model was trained on; with `has_label` the label comes first in unnamed ones."""

    def __init__(self, model: Any, has_label: bool, warn: Callable[[str], None]) -> None:
        recipe: Recipe = model.recipe
        self._model, self._has_label, self._warn = model, has_label, OncePerLine(warn)
        self._table = AskedTable(recipe, model.feature_dim, model.encode_rows, warn)
        numbers = {column.name for column in recipe.columns if isinstance(column, NumberColumn)}
        self.text_names = frozenset(name for name in recipe.needed_names if name not in numbers)

    def name_columns(self, count: int) -> Sequence[str]:
        """Name the columns in the order of the training data, which has no target."""
        names = list(self._table.columns)
        if count != len(names) + self._has_label:
            remedy = "" if self._has_label else LABEL_ADVICE
            raise DecodeError(self._table.explain_width(count - self._has_label, "columns", remedy))
        self._warn(
            f"the first row does not name the columns of the model: they go by their places, {show_names(names)}."
        )
        return [name_label(names), *names] if self._has_label else names

    def choose_columns(self, names: Sequence[str]) -> Collection[str]:
        """Return the names of the columns that become features."""
        extra = [name for name in names if name not in self._table.known]
        if missing := [name for name in self._table.needed if name not in names]:
            raise DecodeError(self._table.explain_missing(missing, extra))
        return self._table.needed

    def make_features(self, columns: Mapping[str, Any]) -> Features:
        """Make features as in training."""
        found: Features = self._model.encode_rows({name: columns[name] for name in self._table.needed}).features
        return found


class NumberLayout:
    """The features of a model that was trained on numbers: by their names, where it knows them, or by their places.

    `has_label` tells whether a label comes first where they go by their places; None where the number of columns does.
    """

    text_names: frozenset[str] = frozenset()

    def __init__(self, model: Any, has_label: bool | None, warn: Callable[[str], None]) -> None:
        self._count: int = model.feature_dim
        self._label_counts = (0, 1) if has_label is None else (int(has_label),)
        self._known = tuple(getattr(model, "names", ()))
        self._dtype = model_dtype(model)
        self._warn = OncePerLine(warn)
        self._used: Sequence[str] = ()

    def name_columns(self, count: int) -> Sequence[str]:
        """Name the features, below a label if there is one column more."""
        names = list(self._known) or [f"f{place}" for place in range(self._count)]
        if count - self._count not in self._label_counts:
            raise DecodeError(self._explain_count(count))
        if count == self._count:
            return names
        if 0 in self._label_counts:
            self._warn("of rows with one value more than the model has features, the first is taken for the label.")
        return [name_label(names), *names]

    def choose_columns(self, names: Sequence[str]) -> Collection[str]:
        """Return the names of the features: those of the model, or f0, f1 and so on, or all but a label in front."""
        if self._known:
            if missing := [name for name in self._known if name not in names]:
                others = [name for name in names if name not in self._known]
                raise DecodeError(f"expected the features of the model: {list_differences(missing, others)}")
            self._used = self._known
        elif (order := arrange_numbered_features(names, self._count)) is not None:
            self._used = [names[place] for place in order]
        elif len(names) - self._count in self._label_counts:
            left_out = names[: len(names) - self._count]
            told = f", but for the first, {names[0]!r}, which is taken for the label" if left_out else ""
            self._warn(f"the model does not know its features' names: columns go by their places{told}.")
            self._used = names[len(left_out) :]
        else:
            raise DecodeError(self._explain_count(len(names), f": {show_names(names)}"))
        return self._used

    def make_features(self, columns: Mapping[str, Any]) -> Features:
        """Stack the columns."""
        return stack_columns(columns, self._used, self._dtype)

    def _explain_count(self, count: int, shown: str = "") -> str:
        expected = f"expected {self._count} columns, as the model has features"
        if self._label_counts == (0, 1):
            return f"{expected}, or one more, the label first, found {count}{shown}"
        if self._label_counts == (1,):
            return f"{expected}, behind the one that label_size=1 leaves out, found {count}{shown}"
        advice = f". If the first is no feature, say --content-type '{LABEL_FIRST}'" if count == self._count + 1 else ""
        return f"{expected}, found {count}{shown}{advice}"


def model_dtype(model: Any) -> Any:
    """Return the type of the features that a model needs."""
    from numpy import float32, float64

    return float64 if getattr(model, "exact", False) else float32


def name_label(names: Sequence[str]) -> str:
    """Return a name for the label that no other column has."""
    label = "label"
    while label in names:
        label += "_"
    return label
