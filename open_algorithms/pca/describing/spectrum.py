"""How much of the variance components explain, from the largest on."""

from collections.abc import Sequence
from itertools import accumulate

SHARES = (0.5, 0.8, 0.9, 0.95, 0.99)  # of the variance, of which people ask how many components they take
SLACK = 1e-12  # that sums of shares lack by rounding


def accumulate_ratios(ratios: Sequence[float]) -> list[float]:
    """Return the share of the variance that the first 1, 2, ... components explain together."""
    return [min(total, 1.0) for total in accumulate(ratios)]


def count_components(ratios: Sequence[float], share: float) -> int | None:
    """Return how many components explain a share of the variance; None where it takes more than those given.

    >>> count_components([0.6, 0.3, 0.1], 0.9)
    2
    """
    totals = accumulate_ratios(ratios)
    return next((count for count, total in enumerate(totals, 1) if total >= share - SLACK), None)
