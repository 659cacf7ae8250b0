"""Encode the rows of a table as features and labels by a recipe, and leave out those that nothing is learned from.

Tests: tests/doors/test_tables.py, tests/doors/test_weights.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from container.contract.errors import DecodeError
from container.rows.blocks import Block, without_labels
from container.rows.columns import show_names
from container.rows.notices import OncePerLine
from container.rows.raw import RawRows
from open_algorithms.learning.columns.encode import encode_labels, encode_rows, encode_weights
from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.columns.recipe import NumberColumn, Recipe, WeightColumn
from open_algorithms.learning.job.listener import TrainingListener
from open_algorithms.learning.rows.csr import take_rows
from open_algorithms.learning.types.arrays import Float64s


class RowEncoder:
    """Encodes the rows of the channel `name` by a recipe, which is that of `owner`.

    Rows without a label are left out, and those of weight 0 where they have the column `weight`.
    """

    def __init__(
        self, recipe: Recipe, owner: str, name: str, log: TrainingListener, weight: WeightColumn | None = None
    ) -> None:
        self._recipe, self._owner, self._name, self.weight = recipe, owner, name, weight
        self._label = [] if recipe.target is None else [recipe.target.name]
        self._warn = OncePerLine(log.warning)

    @property
    def needed_names(self) -> list[str]:
        """The names of the columns that the rows must have."""
        return [*self._recipe.needed_names, *self._label]

    @property
    def text_names(self) -> list[str]:
        """The names of those that are read as texts."""
        numbers = {column.name for column in self._recipe.columns if isinstance(column, NumberColumn)}
        if self._recipe.target is not None and not self._recipe.target.classes:
            numbers.add(self._recipe.target.name)
        return [name for name in self.needed_names if name not in numbers]

    @property
    def weighing_names(self) -> list[str]:
        """The names of the columns that tell how much rows count; empty where all count alike."""
        return [] if self.weight is None else [self.weight.name, *self._label]

    def __call__(self, rows: RawRows) -> Block:
        """Return features and labels of the rows that count; raises DecodeError for a value that does not fit."""
        check_names(rows.columns, self.needed_names, self._owner)
        with locate_faults(rows):
            X = encode_rows(self._recipe, rows.columns).features
            if self._recipe.target is None:
                return without_labels(X)
            labels, labelled = encode_labels(self._recipe.target, rows.columns[self._recipe.target.name])
            counted = labelled
            if self.weight is not None and self.weight.name in rows.columns:
                counted = labelled & (encode_weights(self.weight, rows.columns[self.weight.name]) > 0)
        if not labelled.all():
            self._warn(
                f"channel {self._name!r}: rows without a label, {self._recipe.target.name!r}, are left out: in "
                f"{rows.source} from row {rows.first_row + int((~labelled).argmax())} on."
            )
        if counted.all():
            return X, labels
        kept = counted.nonzero()[0]
        return take_rows(X, kept), labels[kept]

    def weigh_rows(self, rows: RawRows) -> Float64s | None:
        """Return the weights of the rows with a label, (n,); None where there is no column of weights.

        Raises DecodeError for a value that does not fit.
        """
        check_names(rows.columns, self._label, self._owner)
        if self.weight is None or self.weight.name not in rows.columns:
            return None
        assert self._recipe.target is not None
        with locate_faults(rows):
            weights = encode_weights(self.weight, rows.columns[self.weight.name])
            _, labelled = encode_labels(self._recipe.target, rows.columns[self._recipe.target.name])
        return weights[labelled]


def check_names(columns: Mapping[str, object], names: Sequence[str], owner: str) -> None:
    """Raise DecodeError where a column is missing of those that `owner` has."""
    if missing := [name for name in names if name not in columns]:
        verb = "is" if len(missing) == 1 else "are"
        raise DecodeError(f"expected the columns of {owner}: {show_names(missing)} {verb} missing")


@contextmanager
def locate_faults(rows: RawRows) -> Iterator[None]:
    """Raise the fault of a column in these rows as DecodeError with its row."""
    try:
        yield
    except ColumnFault as fault:
        row = rows.first_row + (fault.row or 0)
        raise DecodeError(fault.sentence, f"row {row}", f"column {fault.column!r}") from None
