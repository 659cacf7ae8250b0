"""A feature that is nearly all of the variance of rows, and so decides on the components alone.

Tests: tests/pca/training/test_fit.py, tests/pca/report/test_page.py.
"""

from open_algorithms.learning.types.arrays import Float64s

DOMINANT_SHARE = 0.9  # of the variance of rows, beyond which one feature decides alone


def find_dominant(shares: Float64s) -> int | None:
    """Return the feature whose share (d,) of the variance is so large; None where there is no such, or no other."""
    largest = int(shares.argmax())
    return largest if is_dominant(float(shares[largest]), len(shares)) else None


def is_dominant(share: float, features: int) -> bool:
    """Tell whether a share of the variance is so large, where there are so many features."""
    return features > 1 and share > DOMINANT_SHARE


def warn_of_dominance(feature: str, share: float) -> str:
    """Say that a feature is so large a part of the variance, and what to do."""
    return (
        f"{feature} is {int(1000 * share) / 10:g}% of the variance of the rows, so that it decides on the components "
        "nearly alone. Set normalize_data=true, so that all features count alike."
    )
