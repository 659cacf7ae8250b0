"""Where a binary classifier's decision lies, in units of its margin: exact, whatever computes the score."""

import sys

import numpy as np

from linear_learner.counting import ordinal
from linear_learner.losses import LOSSES
from linear_learner.model import Model


def lowest_positive(model: Model) -> np.float32:
    """Return the lowest margin whose score reaches the threshold, infinity where none does.

    The score rises with the margin, and float32 has few enough numbers to halve them 32 times.
    """
    link = LOSSES[model.loss_type].link
    low, high = (int(ordinal(np.array([end], np.float32))[0]) for end in (-np.inf, np.inf))
    while low < high:
        middle = (low + high) // 2
        if float(link(np.array([[from_ordinal(middle)]], np.float32))[0, 0]) >= model.threshold:
            high = middle
        else:
            low = middle + 1
    return from_ordinal(low)


def from_ordinal(number: int) -> np.float32:
    """Return the float32 of a number that `ordinal` gives."""
    bits = number - 2**31
    return np.float32(np.array([bits if bits >= 0 else -bits - 2**31], np.int32).view(np.float32)[0])


def wide_cut(model: Model) -> float:
    """Return what a margin that is not rounded to float32 must reach: what rounds to the lowest positive one."""
    lowest = lowest_positive(model)
    if np.isinf(lowest):
        return float(np.copysign(sys.float_info.max, lowest))
    middle = (float(lowest) + float(np.nextafter(lowest, np.float32(-np.inf)))) / 2
    return middle if np.float32(middle) == lowest else float(np.nextafter(middle, np.inf))
