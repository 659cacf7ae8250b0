"""Standardised dense rows in memory, and their division into mini-batches.

Tests: tests/learning/rows/test_scaling.py, tests/learning/rows/test_kept.py.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from open_algorithms.learning.rows.csr import Dense, Features, as_dense
from open_algorithms.learning.rows.scaling import Scaler
from open_algorithms.learning.types.arrays import Bools, Float32s, Int32s

Number = TypeVar("Number", bound=np.generic)
Block = tuple[Features, Float32s]
ORDER_BYTES = 16  # of a row, to shuffle it and to put it into a mini-batch


@dataclass(frozen=True)
class Design:
    """How rows become the design matrix of a linear model, whose margins are its products with the weights.

    A column of ones, whose weight is the bias, follows the features. Where `is_signed`, rows of label 1 are negated,
    including their one, for losses in which such a label only sets a sign.
    """

    is_signed: bool = False

    def write_rows(self, Z: Dense, y: Float32s, into: Float32s) -> None:
        """Write features Z (n, d) of rows with labels y (n,) as rows of the design matrix, (n, d + 1)."""
        if self.is_signed:
            np.multiply(Z, label_signs(y[:, None]), out=into[:, :-1])
            into[:, -1] = label_signs(y)
        else:
            into[:, :-1] = Z
            into[:, -1] = 1

    def restore_features(self, X: Float32s, y: Float32s) -> Dense:
        """Return the features (n, d) of rows X (n, d + 1) with labels y (n,), as a copy."""
        return X[:, :-1] * label_signs(y[:, None]) if self.is_signed else X[:, :-1].copy()

    def restore_margins(self, z: Float32s, y: Float32s) -> Float32s:
        """Return the margins (n, m) of rows with labels y (n,), given the products z of their design with weights."""
        return z * label_signs(y[:, None]) if self.is_signed else z


UNSIGNED = Design()


@dataclass(frozen=True)
class DenseRows:
    """Standardised dense rows in memory, laid out for products and for gathering.

    X (n + 1, d + 1) is their design matrix; y is (n + 1, 1). The last row is all zeros: it pads incomplete mini-batches
    and changes no weight. `weights` (n + 1,) say how much each row counts, the last one 0; None where all count alike.
    """

    X: Float32s
    y: Float32s
    design: Design = UNSIGNED
    weights: Float32s | None = None

    def __len__(self) -> int:
        return len(self.X) - 1

    @property
    def feature_dim(self) -> int:
        """The number of features, without the column of ones."""
        return int(self.X.shape[1]) - 1

    @property
    def stored_numbers(self) -> int:
        """How many numbers the features of all rows are."""
        return len(self) * self.feature_dim

    @property
    def labels(self) -> Float32s:
        """The standardised labels, (n,)."""
        return self.y[:-1, 0]

    @property
    def arrays(self) -> list[Float32s]:
        """The arrays that hold the rows."""
        return [self.X, self.y]

    @property
    def standardised_features(self) -> Dense:
        """A copy of the standardised features, (n, d)."""
        return self.design.restore_features(self.X[:-1], self.labels)

    @property
    def nbytes(self) -> int:
        """The size of the arrays in bytes."""
        return sum(array.nbytes for array in self.arrays)

    def slice_rows(self, first: int, last: int) -> "DenseRows":
        """Return a view of rows `first` to `last`, to be scored.

        Instead of the row of zeros, the next row stands at its end.
        """
        span = slice(first, last + 1)
        return DenseRows(self.X[span], self.y[span], self.design, None if self.weights is None else self.weights[span])

    def weigh_rows(self, weights: Float32s) -> "DenseRows":
        """Return the same rows with these weights (n,)."""
        return replace(self, weights=np.append(weights, np.float32(0)))

    @property
    def row_weights(self) -> Float32s | None:
        """How much each row counts, (n,); None where all count alike."""
        return None if self.weights is None else self.weights[:-1]

    def copy_head(self, count: int) -> "DenseRows":
        """Copy the first `count` rows, with the same caveat as `slice_rows`."""
        seen = self.slice_rows(0, min(count, len(self)))
        return DenseRows(seen.X.copy(), seen.y.copy(), self.design, seen.weights)

    def join_rows(self, others: "DenseRows") -> "DenseRows":
        """Return these rows and then the others."""
        X, y = (np.concatenate([own[:-1], more]) for own, more in ((self.X, others.X), (self.y, others.y)))
        weights = None
        if self.weights is not None and others.weights is not None:
            weights = np.concatenate([self.weights[:-1], others.weights])
        return DenseRows(X, y, self.design, weights)

    def varying_features(self) -> Bools:
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

    def __init__(self, features: int, row_capacity: int, design: Design = UNSIGNED) -> None:
        """Reserve memory for `row_capacity` rows; the operating system commits only what is used."""
        self.design = design
        self.X = reserve_matrix(row_capacity + 1, features + 1, np.float32)
        self.y = np.empty((len(self.X), 1), np.float32)
        self.row_count = 0

    def try_add(self, Z: Features, y: Float32s) -> bool:
        """Store a block; return False where it does not fit."""
        last = self.row_count + len(y)
        if last >= len(self.X):
            return False
        self.design.write_rows(as_dense(Z), y, self.X[self.row_count : last])
        self.y[self.row_count : last, 0] = y
        self.row_count = last
        return True

    def pop_remainder(self, batch_size: int) -> Block:
        """Remove the rows after the last complete mini-batch and return them."""
        whole = self.row_count - self.row_count % batch_size
        y = self.y[whole : self.row_count, 0].copy()
        Z = self.design.restore_features(self.X[whole : self.row_count], y)
        self.row_count = whole
        return Z, y

    def build_rows(self, scaler: Scaler | None = None) -> DenseRows:
        """Release unused memory and return the rows."""
        count = self.row_count
        self.X.resize((count + 1, self.X.shape[1]), refcheck=False)
        self.y.resize((count + 1, 1), refcheck=False)
        self.X[count] = 0
        self.y[count] = 0
        return DenseRows(self.X, self.y, self.design)


def reserve_matrix(rows: int, width: int, dtype: type[Number]) -> NDArray[Number]:
    """Return an uninitialised matrix (rows, width), with fewer rows where the memory cannot be reserved."""
    while True:
        try:
            return np.empty((rows, width), dtype)
        except MemoryError:
            if rows < 2:
                raise
            rows //= 2


def label_signs(labels: Float32s) -> Float32s:
    """Return the sign of each label: 1 for label 0, -1 for label 1."""
    return 1 - 2 * labels


def build_dense_rows(
    blocks: Iterable[tuple[Dense, Float32s]], scaler: Scaler, features: int, design: Design = UNSIGNED
) -> DenseRows:
    """Standardise raw blocks and collect them into rows."""
    parts = [(scaler.standardise_features(X), scaler.standardise_label(y)) for X, y in blocks]
    builder = DenseRowsBuilder(features, sum(len(y) for _, y in parts), design)
    for part in parts:
        builder.try_add(*part)
    return builder.build_rows()


def epoch_order(rows: int, generator: np.random.Generator | None) -> Int32s:
    """Return the order of rows in an epoch, (n,): a new permutation, or their stored order without a generator."""
    return np.asarray(np.arange(rows) if generator is None else generator.permutation(rows), np.int32)


def batch_table(order: Int32s, batch_size: int) -> Int32s:
    """Divide an order of rows (n,) into mini-batches, (batches, batch_size); a batch is never larger than the data.

    The last one is padded with index n, the row of zeros.
    """
    rows = len(order)
    batch_size = min(batch_size, rows)
    batches = -(-rows // batch_size)
    table = np.full(batches * batch_size, rows, np.int32)
    table[:rows] = order
    return table.reshape(batches, batch_size)
