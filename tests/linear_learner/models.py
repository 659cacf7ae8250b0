"""Models that are the same to the last bit."""

import numpy as np

from linear_learner.objective.model import LinearModel


def assert_same_bits(first: LinearModel, second: LinearModel) -> None:
    np.testing.assert_array_equal(first.weight, second.weight)
    np.testing.assert_array_equal(first.bias, second.bias)
    assert first.threshold == second.threshold
