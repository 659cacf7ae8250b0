"""Standardised dense rows in memory, and their division into mini-batches."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from open_algorithms.learning.rows.csr import Features
from open_algorithms.learning.rows.scaling import Scaler

Floats = NDArray[Any]
Block = tuple[Features, Floats]
ORDER_BYTES = 16  # of a row, to shuffle it and to put it into a mini-batch


@dataclass(frozen=True)
class DenseRows:
    """Standardised dense rows in memory, laid out for products and for gathering.

    X (n + 1, d + 1) ends in a column of ones, whose weight is the bias; y is (n + 1, 1). The last row is all zeros: it
    pads incomplete mini-batches and changes no weight. Where `signed`, rows of label 1 are negated, including their
    one.
    """

    X: Floats
    y: Floats
    signed: bool = False

    def __len__(self) -> int:
        return len(self.X) - 1

    @property
    def feature_dim(self) -> int:
        """The number of features, without the column of ones."""
        return int(self.X.shape[1]) - 1

    @property
    def labels(self) -> Floats:
        """The standardised labels, (n,)."""
        return self.y[:-1, 0]

    @property
    def arrays(self) -> list[Floats]:
        """The arrays that hold the rows."""
        return [self.X, self.y]

    @property
    def row_signs(self) -> Floats:
        """The signs by which the rows are multiplied, (n, 1)."""
        return label_signs(self.y[:-1]) if self.signed else np.ones((len(self), 1), np.float32)

    @property
    def standardised_features(self) -> Floats:
        """The standardised features, without column of ones and signs, (n, d)."""
        return self.X[:-1, :-1] * self.row_signs

    @property
    def nbytes(self) -> int:
        """The size of the arrays in bytes."""
        return sum(array.nbytes for array in self.arrays)

    def slice_rows(self, first: int, last: int) -> "DenseRows":
        """Return a view of rows `first` to `last`, to be scored.

        Instead of the row of zeros, the next row stands at its end.
        """
        span = slice(first, last + 1)
        return DenseRows(self.X[span], self.y[span], self.signed)

    def copy_head(self, count: int) -> "DenseRows":
        """Copy the first `count` rows, with the same caveat as `slice_rows`."""
        seen = self.slice_rows(0, min(count, len(self)))
        return DenseRows(seen.X.copy(), seen.y.copy(), self.signed)

    def varying_features(self) -> NDArray[np.bool_]:
        """Return which features are non-zero in any row, (d,)."""
        return np.asarray(self.X[:-1, :-1].any(axis=0))

    def raw_blocks(self, scaler: Scaler, values_at_once: int = 2**17) -> Iterator[Block]:
        """Yield the rows in raw units, X (n, d) and y (n,), about `values_at_once` values at a time."""
        rows = max(1, values_at_once // self.X.shape[1])
        for first in range(0, len(self), rows):
            last = min(first + rows, len(self))
            yield (
                scaler.restore_features(self.slice_rows(first, last).standardised_features),
                scaler.restore_label(self.y[first:last, 0]),
            )


class DenseRowsBuilder:
    """Collects standardised blocks into one preallocated matrix."""

    def __init__(self, features: int, row_capacity: int, *, signed: bool = False) -> None:
        """Reserve memory for `row_capacity` rows; the operating system commits only what is used."""
        self.signed = signed
        self.X = reserve_matrix(row_capacity + 1, features + 1)
        self.y = np.empty((len(self.X), 1), np.float32)
        self.row_count = 0

    def try_add(self, Z: Any, y: Floats) -> bool:
        """Store a block; return False where it does not fit."""
        last = self.row_count + len(y)
        if last >= len(self.X):
            return False
        if self.signed:
            np.multiply(Z, label_signs(y[:, None]), out=self.X[self.row_count : last, :-1])
        else:
            self.X[self.row_count : last, :-1] = Z
        self.y[self.row_count : last, 0] = y
        self.row_count = last
        return True

    def pop_remainder(self, batch_size: int) -> Block:
        """Remove the rows after the last complete mini-batch and return them."""
        whole = self.row_count - self.row_count % batch_size
        tail = self.X[whole : self.row_count, :-1].copy(), self.y[whole : self.row_count, 0].copy()
        if self.signed:
            tail[0][:] *= label_signs(tail[1][:, None])
        self.row_count = whole
        return tail

    def build_rows(self, scaler: Scaler | None = None) -> DenseRows:
        """Release unused memory and return the rows."""
        count = self.row_count
        self.X.resize((count + 1, self.X.shape[1]), refcheck=False)
        self.y.resize((count + 1, 1), refcheck=False)
        self.X[:count, -1:] = label_signs(self.y[:count]) if self.signed else 1
        self.X[count] = 0
        self.y[count] = 0
        return DenseRows(self.X, self.y, self.signed)


def reserve_matrix(rows: int, width: int, dtype: type[np.number[Any]] = np.float32) -> Floats:
    """Return an uninitialised matrix (rows, width), with fewer rows where the memory cannot be reserved."""
    while True:
        try:
            return np.empty((rows, width), dtype)
        except MemoryError:
            if rows < 2:
                raise
            rows //= 2


def label_signs(labels: Floats) -> Floats:
    """Return the sign of each label: 1 for label 0, -1 for label 1."""
    return 1 - 2 * labels


def build_dense_rows(
    blocks: Iterable[tuple[Floats, Floats]], scaler: Scaler, features: int, *, signed: bool = False
) -> DenseRows:
    """Standardise raw blocks and collect them into rows."""
    parts = [(scaler.standardise_features(X), scaler.standardise_label(y)) for X, y in blocks]
    builder = DenseRowsBuilder(features, sum(len(y) for _, y in parts), signed=signed)
    for part in parts:
        builder.try_add(*part)
    return builder.build_rows()


def epoch_order(rows: int, generator: np.random.Generator | None) -> NDArray[np.int32]:
    """Return the order of rows in an epoch, (n,): a new permutation, or their stored order without a generator."""
    return np.asarray(np.arange(rows) if generator is None else generator.permutation(rows), np.int32)


def batch_table(order: NDArray[np.int32], batch_size: int) -> NDArray[np.int32]:
    """Divide an order of rows (n,) into mini-batches, (batches, batch_size); a batch is never larger than the data.

    The last one is padded with index n, the row of zeros.
    """
    rows = len(order)
    batch_size = min(batch_size, rows)
    batches = -(-rows // batch_size)
    table = np.full(batches * batch_size, rows, np.int32)
    table[:rows] = order
    return table.reshape(batches, batch_size)
