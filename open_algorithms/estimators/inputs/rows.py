"""What an estimator learns from: rows of a matrix or of a table, as blocks for every pass, without a copy of all.

Tests: tests/estimators/inputs/test_reading.py.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from container.rows.blocks import BLOCK_BYTES, Doubles, all_finite, first_non_finite
from container.rows.offsets import find_shift, subtract_shift
from open_algorithms.estimators.inputs.tables import encode_pieces
from open_algorithms.learning.columns.encode import Arrays
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.csr import Csr, Features
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.types.arrays import Float32s, Int64s

INT32_MAX = np.iinfo(np.int32).max


class Source(Protocol):
    """Features of rows that can be passed over again and again."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def iterate_pieces(self) -> Iterator[Features]:
        """Yield the features of all rows in their order, some rows at a time."""


@dataclass(frozen=True)
class MatrixSource:
    """A matrix (n, d), a numpy array or in CSR form of scipy, less `shift` (d,); of its rows only `kept`, if given."""

    X: Any
    kept: Int64s | None = None
    shift: Doubles | None = None

    def __len__(self) -> int:
        return int(self.X.shape[0]) if self.kept is None else len(self.kept)

    @property
    def is_sparse(self) -> bool:
        """Whether the matrix is sparse."""
        return not isinstance(self.X, np.ndarray)

    def find_shift(self) -> Doubles | None:
        """Return what to subtract, by the first rows, so that float32 keeps the digits that vary; None for nothing."""
        if self.is_sparse:
            return None
        with np.errstate(over="ignore", invalid="ignore"):  # numbers that float32 cannot hold are refused later
            return find_shift(self.take_rows(0, self.rows_at_once).astype(np.float64))

    @property
    def rows_at_once(self) -> int:
        """The rows of a piece: of sparse ones by the numbers that they hold, about."""
        rows, width = map(int, self.X.shape)
        held = math.ceil(self.X.nnz / max(1, rows)) if self.is_sparse else width
        return max(1, BLOCK_BYTES // (8 * max(1, held)))

    def take_rows(self, first: int, last: int) -> Any:
        """Return rows as they are, where all are kept as a view."""
        return self.X[first:last] if self.kept is None else self.X[self.kept[first:last]]

    def iterate_pieces(self) -> Iterator[Features]:
        """Yield the rows as float32; raises InputError for a number that it cannot hold."""
        for first in range(0, len(self), self.rows_at_once):
            part = self.take_rows(first, first + self.rows_at_once)
            yield convert_sparse(part) if self.is_sparse else self.convert_dense(part, first)

    def raw_pieces(self) -> Iterator[NDArray[Any]]:
        """Yield the rows in their own type."""
        for first in range(0, len(self), self.rows_at_once):
            yield self.take_rows(first, first + self.rows_at_once)

    def convert_dense(self, part: NDArray[Any], first: int) -> Float32s:
        """Return rows, of which the first is number `first`, as float32."""
        with np.errstate(over="ignore"):
            found = np.ascontiguousarray(part, np.float32) if self.shift is None else subtract_shift(part, self.shift)
        if not all_finite(found):
            self.refuse_number(found, part, first)
        return np.asarray(found)

    def refuse_number(self, found: Float32s, part: NDArray[Any], first: int) -> None:
        """Raise InputError for a number that became infinite."""
        if place := first_non_finite(found):
            row = first + place[0] if self.kept is None else int(self.kept[first + place[0]])
            raise InputError(
                f"X has {part[place]:g} in row {row}, column {place[1]} (the first is 0), a value too large for "
                "dtype('float32'), in which it is learned; scale the column."
            )


@dataclass(frozen=True)
class TableSource:
    """Columns of a table as arrow arrays, which a recipe encodes."""

    recipe: Recipe
    arrays: Arrays

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    def iterate_pieces(self) -> Iterator[Features]:
        """Yield the encoded rows."""
        return encode_pieces(self.recipe, self.arrays)


@dataclass
class Rows:
    """A channel: every pass yields its blocks anew. `source` has the features, `labels` are (n,); (n, 0) without."""

    source: MatrixSource | TableSource
    labels: Float32s
    raise_if_stopped: StopCheck = field(default=never_stop)

    def __iter__(self) -> Iterator[Block]:
        first = 0
        for X in self.source.iterate_pieces():
            self.raise_if_stopped()
            last = first + int(X.shape[0] or 0)
            yield X, self.labels[first:last]
            first = last

    def subtract(self, shift: Doubles | None) -> None:
        """Subtract a shift (d,) from the features of a matrix in passes to come."""
        if isinstance(self.source, MatrixSource):
            self.source = replace(self.source, shift=shift)


def take_pieces(source: MatrixSource | TableSource) -> Iterator[Features]:
    """Yield the rows of a source, some at a time: of a dense matrix in their own type, of others as float32."""
    if isinstance(source, TableSource) or source.is_sparse:
        return source.iterate_pieces()
    return source.raw_pieces()


def without_labels(source: MatrixSource | TableSource) -> Rows:
    """Return a channel whose rows have no labels."""
    return Rows(source, np.empty((len(source), 0), np.float32))


def keep_rows(source: MatrixSource | TableSource, kept: Int64s) -> MatrixSource | TableSource:
    """Return the source with only these of its rows."""
    if isinstance(source, MatrixSource):
        return replace(source, kept=kept)
    import pyarrow

    places = pyarrow.array(kept)
    return replace(source, arrays={name: values.take(places) for name, values in source.arrays.items()})


def convert_sparse(part: Any) -> Csr:
    """Return rows of scipy, of which the columns may come in any order and twice, as ours."""
    if not part.has_canonical_format:
        part = part.copy()
        part.sum_duplicates()
    with np.errstate(over="ignore"):
        data = np.asarray(part.data, np.float32)
    if not all_finite(data):
        raise InputError(f"X has {abs(part.data).max():g}, a value too large for dtype('float32'), in which it learns.")
    return Csr(data, part.indices.astype(np.int32, copy=False), part.indptr.astype(np.int64, copy=False), part.shape)
