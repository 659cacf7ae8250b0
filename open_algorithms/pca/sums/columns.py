"""The sums of each feature and of its squares."""

import numpy as np

from open_algorithms.learning.rows.csr import Csr, Features
from open_algorithms.learning.rows.sparse import value_slices
from open_algorithms.pca.sums.totals import ColumnTotals

NUMBERS_AT_ONCE = 2**19  # that are held in float64 at once


class ColumnSums:
    """Sums of features and of their squares, in float64."""

    def __init__(self, features: int) -> None:
        self.rows, self.sums, self.squares = 0, np.zeros(features), np.zeros(features)

    def add_block(self, X: Features) -> None:
        """Add rows X (n, d)."""
        width = len(self.sums)
        if isinstance(X, Csr):
            for part in value_slices(X):
                columns, values = X.indices[part], X.data[part].astype(np.float64)
                self.sums += np.bincount(columns, values, width)
                self.squares += np.bincount(columns, values**2, width)
        else:
            size = max(1, NUMBERS_AT_ONCE // width)
            for first in range(0, len(X), size):
                wide = X[first : first + size].astype(np.float64)
                self.sums += wide.sum(axis=0)
                self.squares += np.einsum("nd,nd->d", wide, wide)
        self.rows += X.shape[0]

    def take_totals(self) -> ColumnTotals:
        """Return the sums so far."""
        return ColumnTotals(self.rows, self.sums, self.squares)
