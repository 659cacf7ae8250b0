"""Columns with a large offset: what to subtract before rounding to float32, which would lose their variation.

Tests: tests/container/rows/test_columns.py.
"""

from collections.abc import Collection
from typing import Any

import numpy as np

from container.rows.blocks import Doubles
from open_algorithms.learning.rows.csr import Csr

ROUNDED_RATIO, LARGE_RATIO = (
    2.0**13,
    2.0**17,
)  # times its spread that a column is large if float32 rounds it, and in any case
LARGE_CONSTANT = 1024.0  # from where on a column that has not varied yet may come to vary by less than float32 tells
FLOAT32_DIGITS = 7  # that float32 keeps of a number
NORMAL_IQR = 1.35  # standard deviations between the quartiles of what is normally distributed


def find_shift(X: Doubles) -> Doubles | None:
    """Choose what to subtract from the features X (n, d) so that float32 keeps their spread: (d,), None for nothing.

    It is the median of each column that is large compared with the spread of most of its values, or that is constant
    here and may vary later; 0 for the others.
    """
    if not len(X):
        return None
    size, varies = np.abs(X).max(axis=0, initial=0), np.ptp(X, axis=0) > 0
    with np.errstate(over="ignore"):
        rounded = (X.astype(np.float32) != X).any(axis=0)
    spread = X.std(axis=0)
    between = np.subtract(*np.percentile(X, [75, 25], axis=0)) / NORMAL_IQR
    spread = np.where(between > 0, np.minimum(spread, between), spread)
    long = np.zeros_like(varies)
    for column in np.flatnonzero(~varies & rounded).tolist():
        long[column] = float(f"{X[0, column]:.{FLOAT32_DIGITS}g}") != X[0, column]
    blurred = np.where(
        varies,
        (rounded & (spread * ROUNDED_RATIO < size)) | (spread * LARGE_RATIO < size),
        long | (size >= LARGE_CONSTANT),
    )
    return np.where(blurred, np.median(X, axis=0), 0.0) if blurred.any() else None


def median_shift(X: Doubles, columns: Collection[int]) -> Doubles | None:
    """Return the median of each of these columns of X (n, d) and 0 for the others, (d,); None if there is none."""
    if not len(X) or not columns or max(columns) >= X.shape[1]:
        return None
    shift = np.zeros(X.shape[1])
    shift[list(columns)] = np.median(X[:, list(columns)], axis=0)
    return shift


def subtract_shift(X: Any, shift: Doubles) -> Any:
    """Subtract `shift` (d,) from X (n, d) in float64 and round to float32; CSR rows become dense.

    Rows of another width are returned unchanged, to be rejected later.
    """
    if isinstance(X, Csr):
        if (X.shape[1] or len(shift)) != len(shift) or X.indices.max(initial=-1) >= len(shift):
            return X
        table = np.zeros((X.shape[0], len(shift)))
        table[np.repeat(np.arange(X.shape[0]), np.diff(X.indptr)), X.indices] = X.data
        X = table
    return (X - shift).astype(np.float32) if X.shape[1] == len(shift) else X
