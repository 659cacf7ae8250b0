"""What the curves of losses by epoch span: the axes on which those of many candidates can be told apart."""

import math
from collections.abc import Iterable, Sequence

from open_algorithms.learning.showing.axes import Scale

FEW_EPOCHS = 4  # below which each has room beside it
SHOWN_SHARE = 0.75  # of the candidates, whose last losses are in sight


def finite_values(values: Iterable[float]) -> list[float]:
    """Leave out NaN and infinities."""
    return [value for value in values if math.isfinite(value)]


def loss_range(drawn: Sequence[Sequence[float]], own: Sequence[float]) -> tuple[float, float]:
    """Return the range of losses to show: all of `own`, and those at the end of three candidates in four."""
    final = sorted(value for curve in drawn for value in finite_values(curve[-1:]))
    top = max([*finite_values(own), *final[: max(1, int(len(final) * SHOWN_SHARE))]], default=1)
    return min((value for curve in drawn for value in finite_values(curve)), default=0), top


def epoch_scale(count: int) -> Scale:
    """Return the scale of so many epochs, with room beside each where there are few."""
    return Scale("epoch", ends=(0.5, count + 0.5) if count < FEW_EPOCHS else None, whole=True)
