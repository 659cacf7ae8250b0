"""The threshold of a binary classifier as a margin: exact, whatever computes the score from it.

Tests: tests/commands/test_export.py.
"""

import math
import sys

import numpy as np

from linear_learner.objective.losses import LOSSES
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.measuring.tallies import ordinals_from_floats


def lowest_positive_margin(model: LinearModel) -> np.float32:
    """Return the lowest float32 margin whose score reaches the threshold; infinity where none does.

    The score is non-decreasing in the margin, so a bisection over all float32 values takes 32 steps.
    """
    link = LOSSES[model.loss_type].link
    low, high = (int(ordinals_from_floats(np.array([end], np.float32))[0]) for end in (-np.inf, np.inf))
    while low < high:
        middle = (low + high) // 2
        if float(link(np.array([[float_from_ordinal(middle)]], np.float32))[0, 0]) >= model.threshold:
            high = middle
        else:
            low = middle + 1
    return float_from_ordinal(low)


def float_from_ordinal(number: int) -> np.float32:
    """Return the float32 with this ordinal (inverse of `counting.ordinal`)."""
    bits = number - 2**31
    return np.float32(np.array([bits if bits >= 0 else -bits - 2**31], np.int32).view(np.float32)[0])


def float64_threshold(model: LinearModel) -> float:
    """Return the lowest float64 margin that rounds to a float32 margin at or above the threshold."""
    lowest = lowest_positive_margin(model)
    if np.isinf(lowest):
        return math.copysign(sys.float_info.max, float(lowest))
    middle = (float(lowest) + float(np.nextafter(lowest, np.float32(-np.inf)))) / 2
    return middle if np.float32(middle) == lowest else float(np.nextafter(middle, np.inf))
