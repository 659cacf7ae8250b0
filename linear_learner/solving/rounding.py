"""Over which widths the kinks of a loss are rounded: wide ones at first, and narrow ones near the optimum."""

import numpy as np

from linear_learner.solving.descent import Descent
from open_algorithms.learning.types.arrays import Float64s

LEAST_WIDTH = 1e-12  # with which a loss is all but its own
WIDE, NARROW = 0.1, 0.01  # widths at the start and at the end, of the errors that are left
NARROW_RANGE = 2.0  # by which a width may be larger than the narrow one
CLOSE_SHARE = 1e-3  # of the objective, no more than which is left to gain with a width before the next one


def choose_widths(widths: Float64s, descent: Descent, degree: int, *, is_start: bool) -> Float64s:
    """Return the widths (P,) to go on with: of errors as large as the losses tell, which grow with their `degree`.

    They follow from the values at the start and where problems are close to their optimum, and else stay.
    """
    values = np.where(np.isfinite(descent.value), descent.value, 0)
    errors = values ** (1 / max(1, degree))
    if is_start:
        return np.maximum(WIDE * errors, LEAST_WIDTH)
    is_close = descent.is_done | (descent.promise <= CLOSE_SHARE * values)
    is_wide = widths > NARROW_RANGE * NARROW * errors
    return np.where(is_close & is_wide, np.maximum(NARROW * errors, LEAST_WIDTH), widths)
