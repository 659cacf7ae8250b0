"""Whether float32, in which margins are computed, tells the clusters apart.

Tests: tests/k_means/training/test_fit.py.
"""

import numpy as np

from open_algorithms.k_means.clustering.population import row_squares
from open_algorithms.k_means.measuring.spread import measure_features
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.types.arrays import Float64s

STEP = 2.0**-24  # of a number, by which float32 rounds it at most
MARGIN_STEPS = 16  # of a row's squared norm, by which a margin may be off
CENTERS_AT_ONCE = 256


def find_blurring(sample: AnyRows, centers: Float64s, sizes: Float64s) -> int | None:
    """Return the feature of large values beside which float32 does not tell the nearest clusters apart; mostly None.

    Rows of a sample are x - m for some fixed m. Their margins are rounded by a part of |x - m|^2. Where that is more
    than the squared distance of two centers (k, d) whose clusters have rows, rows may be in the wrong one. Of a single
    cluster it is the variance that is compared.
    """
    filled = centers[sizes > 0]
    moments = measure_features(sample)
    blur = MARGIN_STEPS * STEP * float(np.median(row_squares(sample)))
    nearest = least_distance(filled) if len(filled) > 1 else float(moments.variance.sum())
    is_split = len(filled) > 1 or len(centers) > 1
    return int((moments.mean**2 + moments.variance).argmax()) if is_split and 0 < nearest < blur else None


def least_distance(centers: Float64s) -> float:
    """Return the least squared distance of two different centers (k, d), k > 1."""
    middle = centers - centers.mean(axis=0)
    norms, least = np.einsum("kd,kd->k", middle, middle), np.inf
    for first in range(0, len(middle), CENTERS_AT_ONCE):
        some = slice(first, first + CENTERS_AT_ONCE)
        squares = norms[some, None] + norms - 2 * middle[some] @ middle.T
        squares[np.arange(len(squares)), first + np.arange(len(squares))] = np.inf
        least = min(least, float(squares.min()))
    return max(least, 0.0)


def warn_of_blur(feature: str) -> str:
    """Say that rows may be in a wrong cluster for the size of a feature's values, and what to do."""
    return (
        f"Some clusters are closer to each other than float32 tells apart beside the large values of {feature}: rows "
        f"may be in a wrong one. Leave {feature} out, limit its values, give sparse rows in a dense form, or set "
        "normalize_data=true."
    )
