"""Losses whose kinks are rounded over a width of margins to either side, so that the slope is continuous.

Tests: tests/linear_learner/objective/test_losses.py.
"""

from collections.abc import Callable
from typing import NamedTuple

from open_algorithms.learning.engine.expressions import Expression, Operators


class Rounded(NamedTuple):
    """The losses of M models, (n, M), their slopes by the margins, and curvatures.

    A curvature is that of a parabola that touches the loss at the margin and lies nowhere below it (Hunter and Lange
    2000). Unlike the second derivative it is not 0 where no kink is near.
    """

    value: Expression
    slope: Expression
    curvature: Expression


RoundedGraph = Callable[[Operators, Expression, Expression, float, Expression], Rounded]


def round_kink(F: Operators, u: Expression, width: Expression) -> Rounded:
    """Return u+ for u (n, M), of which the kink at 0 is rounded over `width` (1, M) to either side.

    The slope grows there linearly from 0 to 1; the value is at most a quarter of the width above u+.
    """
    slope = F.clip(F.broadcast_div(u, 2 * width) + 0.5, 0, 1)
    value = slope * (u + F.broadcast_mul(1 - slope, width))
    return Rounded(value, slope, 0.5 / F.broadcast_maximum(F.abs(u), width))


def rounded_hinge(F: Operators, z: Expression, y: Expression, a: float, width: Expression) -> Rounded:
    """Return (a / 2 + s (z - 1/2))+, rounded; s is -1 for label 1, 1 for label 0."""
    side = 1 - 2 * y
    kink = round_kink(F, F.broadcast_mul(z - 0.5, side) + a / 2, width)
    return kink._replace(slope=F.broadcast_mul(kink.slope, side))


def rounded_quantile(F: Operators, z: Expression, y: Expression, a: float, width: Expression) -> Rounded:
    """Return a (y - z)+ + (1 - a) (z - y)+, which is e+ - a e of the error e, rounded."""
    error = F.broadcast_sub(z, y)
    kink = round_kink(F, error, width)
    return kink._replace(value=kink.value - a * error, slope=kink.slope - a)


def rounded_absolute(F: Operators, z: Expression, y: Expression, a: float, width: Expression) -> Rounded:
    """Return |z - y|, rounded."""
    return rounded_insensitive_absolute(F, z, y, 0, width)


def rounded_insensitive_absolute(F: Operators, z: Expression, y: Expression, a: float, width: Expression) -> Rounded:
    """Return (|e| - a)+, which is (e - a)+ + (-e - a)+ of the error e, rounded."""
    error = F.broadcast_sub(z, y)
    above, below = round_kink(F, error - a, width), round_kink(F, 0 - error - a, width)
    return Rounded(above.value + below.value, above.slope - below.slope, above.curvature + below.curvature)


def rounded_insensitive_squared(F: Operators, z: Expression, y: Expression, a: float, width: Expression) -> Rounded:
    """Return (e^2 - a^2)+ of the error e, rounded, with the slope and the curvature of its half.

    It is u^2 + 2 a u, of which the second part has the kinks, where u = (|e| - a)+.
    """
    error = F.broadcast_sub(z, y)
    kinks, beyond = rounded_insensitive_absolute(F, z, y, a, width), F.relu(F.abs(error) - a)
    return Rounded(
        F.square(beyond) + 2 * a * kinks.value,
        F.sign(error) * beyond + a * kinks.slope,
        a * kinks.curvature + 1,
    )
