"""What is summed over rows X (n, d), as they are stored, and who sums it.

Tests: tests/pca/sums/test_gram.py, tests/pca/sums/test_products.py, tests/pca/sums/test_columns.py.
"""

from dataclasses import dataclass
from typing import Protocol

from open_algorithms.learning.rows.csr import Features
from open_algorithms.learning.types.arrays import Float64s


@dataclass(frozen=True)
class ColumnTotals:
    """The number of rows, the sums of features and those of their squares, (d,) each."""

    rows: float
    sums: Float64s
    squares: Float64s


@dataclass(frozen=True)
class GramTotals:
    """The totals of features, and X'X, (d, d)."""

    columns: ColumnTotals
    products: Float64s


class Columns(Protocol):
    """Sums of features and of their squares over blocks of rows."""

    def add_block(self, X: Features) -> None:
        """Add rows X (n, d), which may be a view of a wider matrix."""

    def take_totals(self) -> ColumnTotals:
        """Return the sums of all rows so far; nothing is added afterwards."""


class Gram(Protocol):
    """Sums of X'X over blocks of rows."""

    def add_block(self, X: Features) -> None:
        """Add rows X (n, d), which may be a view of a wider matrix."""

    def take_totals(self) -> GramTotals:
        """Return the sums of all rows so far; nothing is added afterwards."""


class Products(Protocol):
    """Sums of X'(X V), for some V (d, k), over blocks of rows."""

    def add_block(self, X: Features) -> None:
        """Add rows X (n, d), which may be a view of a wider matrix."""

    def take_products(self) -> Float64s:
        """Return the sums of all rows so far, (d, k); nothing is added afterwards."""
