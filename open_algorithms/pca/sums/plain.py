"""Sums over rows by products of matrices in numpy, where the native library is not built or does not sum them.

Tests: tests/pca/sums/test_gram.py, tests/pca/sums/test_products.py, tests/pca/sums/test_columns.py.
"""

from collections.abc import Iterator

import numpy as np

from open_algorithms.learning.rows.csr import Csr, Features, as_dense, csr_matmul, slice_rows
from open_algorithms.learning.rows.sparse import compact_and_transpose, value_slices
from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.pca.sums.totals import ColumnTotals, GramTotals

NUMBERS_AT_ONCE = 2**19  # that are held in float64 at once


class PlainColumns:
    """Sums of features and of their squares, in float64."""

    def __init__(self, features: int) -> None:
        self.rows, self.sums, self.squares = 0, np.zeros(features), np.zeros(features)

    def add_block(self, X: Features) -> None:
        """Add rows X (n, d)."""
        width = len(self.sums)
        if isinstance(X, Csr):
            for span in value_slices(X):
                columns, values = X.indices[span], X.data[span].astype(np.float64)
                self.sums += np.bincount(columns, values, width)
                self.squares += np.bincount(columns, values**2, width)
        else:
            for part in slice_wide(X, width):
                wide = as_dense(part).astype(np.float64)
                self.sums += wide.sum(axis=0)
                self.squares += np.einsum("nd,nd->d", wide, wide)
        self.rows += X.shape[0]

    def take_totals(self) -> ColumnTotals:
        """Return the sums so far."""
        return ColumnTotals(self.rows, self.sums, self.squares)


class PlainGram:
    """Sums of X'X; sparse rows are made dense, a few at a time."""

    def __init__(self, features: int) -> None:
        self.rows, self.sums, self.products = 0, np.zeros(features), np.zeros((features, features))

    def add_block(self, X: Features) -> None:
        """Add rows X (n, d)."""
        for part in slice_wide(X, len(self.sums)):
            wide = as_dense(part).astype(np.float64)
            self.sums += wide.sum(axis=0)
            self.products += wide.T @ wide
        self.rows += X.shape[0]

    def take_totals(self) -> GramTotals:
        """Return the sums so far."""
        return GramTotals(ColumnTotals(self.rows, self.sums, self.products.diagonal().copy()), self.products)


class PlainProducts:
    """Sums of X'(X V) for V (d, k)."""

    def __init__(self, V: Float64s) -> None:
        self.V, self.products = V, np.zeros(V.shape)

    def add_block(self, X: Features) -> None:
        """Add rows X (n, d)."""
        for part in slice_wide(X, self.V.shape[1] if isinstance(X, Csr) else len(self.V)):
            if isinstance(part, Csr):
                used, _, transposed = compact_and_transpose(part)
                self.products[used] += csr_matmul(transposed, csr_matmul(part, self.V))
            else:
                wide = part.astype(np.float64)
                self.products += wide.T @ (wide @ self.V)

    def take_products(self) -> Float64s:
        """Return the sums so far, (d, k)."""
        return self.products


def slice_wide(X: Features, width: int) -> Iterator[Features]:
    """Yield X in slices of rows that hold NUMBERS_AT_ONCE numbers where each has `width` of them."""
    size = max(1, NUMBERS_AT_ONCE // max(1, width))
    return (slice_rows(X, first, min(first + size, X.shape[0])) for first in range(0, X.shape[0], size))
