"""Standardised sparse rows in memory: by row for the forward product, by column for the backward product.

Tests: tests/learning/rows/test_kept.py, tests/linear_learner/bank/operators/test_sparse.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from open_algorithms.learning.rows.csr import Csr, Features, as_csr, slice_rows, stack_sparse, take_rows
from open_algorithms.learning.rows.dense import ORDER_BYTES, Block, reserve_matrix
from open_algorithms.learning.rows.scaling import Scaler
from open_algorithms.learning.types.arrays import Bools, Float32s, Int32s, Int64s

LARGEST_EAGER_WIDTH = 2**14  # features up to which rows are centred and every update touches every weight
VALUE_BYTES, ROW_BYTES = 8, 12 + ORDER_BYTES  # of a value with its column, of a row's end and label
VALUES_AT_ONCE = 2**20  # that are looked at together


@dataclass(frozen=True)
class SparseRows:
    """Sparse rows divided by the features' deviations; centring is kept apart as `shift`.

    The standardised matrix (n, d) is X - shift, which is never materialised; `shift` (d,) is None without centring.
    `constant_features` are those stored in every row with a value equal to their shift: their gradient must be exactly
    0, not a rounding residue. `y` is (n, 1), standardised. `row_weights` (n,) say how much each row counts; None where
    all count alike.
    """

    X: Csr
    y: Float32s
    shift: Float32s | None
    constant_features: Int64s
    row_weights: Float32s | None = None

    def __len__(self) -> int:
        return len(self.y)

    @property
    def feature_dim(self) -> int:
        """The number of features."""
        return self.shape[1]

    @property
    def stored_numbers(self) -> int:
        """How many numbers the features of all rows are, as far as they are stored, and one more for each row."""
        return len(self.X.data) + len(self)

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and features."""
        return len(self.y), int(self.X.shape[1] or 0)

    @property
    def labels(self) -> Float32s:
        """The standardised labels, (n,)."""
        return self.y[:, 0]

    @property
    def arrays(self) -> list[Float32s | Int32s | Int64s]:
        """The arrays that hold the rows."""
        return [self.X.data, self.X.indices, self.X.indptr, self.y]

    @property
    def nbytes(self) -> int:
        """The size of the arrays in bytes."""
        return sum(array.nbytes for array in self.arrays)

    def varying_features(self) -> Bools:
        """Return which features have a stored non-zero value in any row and are not constant, (d,)."""
        varies = np.zeros(self.feature_dim, np.bool_)
        for part in value_slices(self.X):
            varies[self.X.indices[part][self.X.data[part] != 0]] = True
        varies[self.constant_features] = False
        return varies

    def slice_rows(self, first: int, last: int) -> "SparseRows":
        """Return rows `first` to `last` as views of their values."""
        weights = None if self.row_weights is None else self.row_weights[first:last]
        return replace(self, X=slice_rows(self.X, first, last), y=self.y[first:last], row_weights=weights)

    def weigh_rows(self, weights: Float32s) -> "SparseRows":
        """Return the same rows with these weights (n,)."""
        return replace(self, row_weights=weights)

    def join_rows(self, others: "SparseRows") -> "SparseRows":
        """Return these rows and then the others."""
        X = stack_sparse([self.X, others.X])
        weights = None
        if self.row_weights is not None and others.row_weights is not None:
            weights = np.concatenate([self.row_weights, others.row_weights])
        constant = find_constant_features(X, self.shift)
        return SparseRows(X, np.concatenate([self.y, others.y]), self.shift, constant, weights)

    def copy_head(self, count: int) -> "SparseRows":
        """Copy the first `count` rows."""
        return self.take_rows(np.arange(min(count, len(self)), dtype=np.int32))

    def take_rows(self, numbers: Int32s) -> "SparseRows":
        """Copy the rows with these numbers, in this order."""
        weights = None if self.row_weights is None else self.row_weights[numbers]
        return replace(self, X=take_rows(self.X, numbers), y=self.y[numbers], row_weights=weights)

    def raw_blocks(self, scaler: Scaler, values_at_once: int = 2**20) -> Iterator[Block]:
        """Yield the rows in raw units, about `values_at_once` values at a time."""
        rows = max(1, len(self) * values_at_once // max(len(self.X.data), len(self), 1))
        for first in range(0, len(self), rows):
            part = self.slice_rows(first, min(first + rows, len(self)))
            data = part.X.data * scaler.deviation[part.X.indices]
            yield part.X._replace(data=data), scaler.restore_label(part.labels)


def compact_and_transpose(X: Csr) -> tuple[Int64s, Csr, Csr]:
    """Drop the empty columns of X (n, d).

    Returns the columns that remain, (u,), X restricted to them, (n, u), and its transpose, (u, n).
    """
    count = len(X.indices)
    bits = count.bit_length()
    keys = (X.indices.astype(np.int64) << bits) | np.arange(count)
    keys.sort()
    places, columns = keys & ((1 << bits) - 1), keys >> bits
    starts = np.flatnonzero(np.append(True, columns[1:] != columns[:-1])) if count else np.zeros(0, np.int64)
    rows = np.repeat(np.arange(X.shape[0], dtype=np.int32), np.diff(X.indptr))[places]
    ranks = np.zeros(count, np.int32)
    ranks[starts[1:]] = 1
    indices = np.empty(count, np.int32)
    indices[places] = np.cumsum(ranks)
    transposed = Csr(X.data[places], rows, np.append(starts, count), (len(starts), X.shape[0]))
    return columns[starts], X._replace(indices=indices, shape=(X.shape[0], len(starts))), transposed


class SparseRowsBuilder:
    """Collects scaled sparse blocks into preallocated arrays."""

    def __init__(self, byte_limit: int) -> None:
        """Reserve `byte_limit` bytes; the operating system commits only what is used."""
        self.data = reserve_matrix(max(1, byte_limit // VALUE_BYTES), 1, np.float32)
        self.indices = reserve_matrix(len(self.data), 1, np.int32)
        self.ends: list[Int64s] = [np.zeros(1, np.int64)]
        self.labels: list[Float32s] = [np.zeros(0, np.float32)]
        self.row_count = self.value_count = 0
        self.bytes_left = byte_limit

    def try_add(self, X: Features, y: Float32s) -> bool:
        """Store a block; return False where it does not fit."""
        X = as_csr(X)
        last = self.value_count + len(X.data)
        size = VALUE_BYTES * len(X.data) + ROW_BYTES * len(y)
        if size > self.bytes_left or last > len(self.indices):
            return False
        self.data[self.value_count : last, 0] = X.data
        self.indices[self.value_count : last, 0] = X.indices
        self.ends.append(X.indptr[1:] + self.value_count)
        self.labels.append(y)
        self.value_count, self.row_count, self.bytes_left = last, self.row_count + len(y), self.bytes_left - size
        return True

    def pop_remainder(self, batch_size: int) -> tuple[Csr, Float32s]:
        """Remove the rows after the last complete mini-batch and return them."""
        whole = self.row_count - self.row_count % batch_size
        indptr, y = np.concatenate(self.ends), np.concatenate(self.labels)
        first = int(indptr[whole])
        own = slice(first, self.value_count)
        tail = Csr(
            self.data[own, 0].copy(), self.indices[own, 0].copy(), indptr[whole:] - first, (len(y) - whole, None)
        )
        self.ends, self.labels, self.value_count, self.row_count = [indptr[: whole + 1]], [y[:whole]], first, whole
        return tail, y[whole:]

    def build_rows(self, scaler: Scaler) -> SparseRows:
        """Release unused memory and return the rows, with the scaler's number of features."""
        self.data.resize((self.value_count, 1), refcheck=False)
        self.indices.resize((self.value_count, 1), refcheck=False)
        shape = (self.row_count, len(scaler.mean))
        X = Csr(self.data[:, 0], self.indices[:, 0], np.concatenate(self.ends), shape)
        shift = scaler.shift
        return SparseRows(X, np.concatenate(self.labels)[:, None], shift, find_constant_features(X, shift))


def find_constant_features(X: Csr, shift: Float32s | None) -> Int64s:
    """Return the columns that every row of X stores with a value equal to their shift."""
    if shift is None:
        return np.zeros(0, np.int64)
    counts = np.zeros(len(shift), np.int64)
    for part in value_slices(X):
        columns = X.indices[part]
        counts += np.bincount(columns[X.data[part] == shift[columns]], minlength=len(shift))
    return np.flatnonzero(counts == X.shape[0])


def value_slices(X: Csr) -> Iterator[slice]:
    """Yield slices of X's values, so that temporaries stay small."""
    return (slice(first, first + VALUES_AT_ONCE) for first in range(0, len(X.data), VALUES_AT_ONCE))
