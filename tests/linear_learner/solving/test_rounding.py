"""Kinks are rounded over widths that follow from the errors that are left, and that narrow near the optimum."""

import numpy as np
import pytest

from linear_learner.solving.descent import Descent
from linear_learner.solving.rounding import LEAST_WIDTH, NARROW, WIDE, choose_widths
from open_algorithms.learning.types.arrays import Float64s


def descent_at(values: list[float], promises: list[float]) -> Descent:
    """Return a descent of functions that have come to these values, with so much left to gain."""
    descent = Descent(np.zeros((len(values), 2)), np.zeros((len(values), 2)), 4, 1e-8)
    descent.value, descent.promise = np.array(values), np.array(promises)
    return descent


def choose(widths: list[float], descent: Descent, degree: int = 1) -> Float64s:
    return choose_widths(np.array(widths), descent, degree, is_start=False)


@pytest.mark.parametrize(("degree", "errors"), [(0, [4, 100]), (1, [4, 100]), (2, [2, 10])])
def test_the_first_widths_are_wide_and_the_last_ones_narrow_beside_the_errors(degree: int, errors: list[float]) -> None:
    descent = descent_at([4, 100], [0, 0])
    first = choose_widths(np.full(2, LEAST_WIDTH), descent, degree, is_start=True)
    np.testing.assert_allclose(first, WIDE * np.array(errors))
    np.testing.assert_allclose(choose([*first], descent, degree), NARROW * np.array(errors))


def test_widths_stay_until_little_is_left_to_gain_or_nothing_can_be_gained() -> None:
    descent = descent_at([1, 1, 1], [0.1, 1e-4, 0.1])
    descent.is_done[2] = True
    np.testing.assert_allclose(choose([0.1] * 3, descent), [0.1, 0.01, 0.01])


def test_narrow_widths_stay_as_long_as_errors_are_about_as_large() -> None:
    np.testing.assert_allclose(choose([0.01, 0.01], descent_at([0.6, 0.4], [0, 0])), [0.01, 0.004])


def test_without_errors_or_a_finite_loss_widths_are_the_least() -> None:
    descent = descent_at([0, np.inf, np.nan], [0, np.inf, np.nan])
    for is_start in (True, False):
        assert (choose_widths(np.full(3, LEAST_WIDTH), descent, 1, is_start=is_start) == LEAST_WIDTH).all()
