"""The weights of rows, on the scale of training.

Tests: tests/doors/test_weights.py.
"""

import numpy as np

from open_algorithms.learning.types.arrays import Float32s, Float64s


def scale_weights(weights: Float64s) -> Float32s:
    """Return weights (n,), of which one is above 0, divided by their mean: only their ratios count.

    >>> scale_weights(np.array([1.0, 3.0]))
    array([0.5, 1.5], dtype=float32)
    """
    return np.asarray(weights / weights.mean(), np.float32)
