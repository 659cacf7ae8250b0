"""How far rows lie from each other: mean and variance of each feature, and the one that outweighs all others."""

from typing import NamedTuple

import numpy as np

from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.showing.words import format_share
from open_algorithms.learning.types.arrays import Float64s

NUMBERS_AT_ONCE = 2**18  # that are held in float64
DOMINANT_SHARE = 0.9  # of the variance of rows, beyond which one feature alone decides on clusters


class Moments(NamedTuple):
    """Mean and variance of each feature, (d,) each."""

    mean: Float64s
    variance: Float64s

    @property
    def deviation(self) -> Float64s:
        """The standard deviations, (d,)."""
        return np.asarray(np.sqrt(self.variance))

    @property
    def shares(self) -> Float64s:
        """What part of the variance of rows each feature is, (d,): all 0 where rows do not vary."""
        total = self.variance.sum()
        return self.variance / total if total > 0 else np.zeros(len(self.variance))


def measure_features(rows: AnyRows) -> Moments:
    """Return the moments of the features of at least one row."""
    if isinstance(rows, SparseRows):
        return measure_sparse(rows)
    count, width = len(rows), rows.feature_dim
    X, step = rows.X[:count, :-1], max(1, NUMBERS_AT_ONCE // width)
    mean = X.mean(axis=0, dtype=np.float64)
    squares = np.zeros(width)
    for first in range(0, count, step):
        Z = X[first : first + step] - mean
        squares += np.einsum("nd,nd->d", Z, Z)
    return Moments(mean, squares / count)


def measure_sparse(rows: SparseRows) -> Moments:
    """Return the moments of sparse rows, of which what is not stored is 0."""
    X, width, count = rows.X, rows.feature_dim, len(rows)
    stored = np.bincount(X.indices, minlength=width)
    mean = np.bincount(X.indices, weights=X.data, minlength=width) / count
    squares = np.bincount(X.indices, weights=(X.data - mean[X.indices]) ** 2, minlength=width)
    return Moments(mean, (squares + (count - stored) * mean**2) / count)


def warn_of_dominance(feature: str, share: float) -> str:
    """Say that a feature is so large a part of the variance, and what to do."""
    return (
        f"{feature} is {format_share(share)} of the variance of the rows, so that it decides on the clusters nearly "
        "alone. Set normalize_data=true, so that all features count alike."
    )


def find_dominant(shares: Float64s) -> int | None:
    """Return the feature that is nearly all of the variance of rows; None where there is no such, or no other."""
    largest = int(shares.argmax())
    return largest if len(shares) > 1 and shares[largest] > DOMINANT_SHARE else None
