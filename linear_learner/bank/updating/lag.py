"""Running averages as what they lag behind by, so that a weight that rests costs nothing.

Tests: tests/linear_learner/bank/operators/test_sparse.py, tests/linear_learner/bank/native/test_sparse.py.
"""

from linear_learner.bank.updating.schedule import average_retention

LARGEST_GAIN = 2.0**40


class AverageLag:
    """The scale of the lag, so that weights that do not change need no update of their average.

    The lag is the distance from the weights to their running averages. With s the weight of the newest iterate in the
    average, it follows D' = (1 - s) (D + change). Divided by the product of all 1 - s so far (`average_retention`), it
    is a plain sum of changes, each divided by the product before it. `WeightState.lag` holds this sum, times a unit
    that keeps it within the range of float32.
    """

    def __init__(self) -> None:
        self.unit = 1.0

    def gain_at(self, t: int) -> float:
        """Return the factor with which a change at update t enters the lag.

        It is 0 at the first update, after which average and weight are equal.
        """
        return self.unit / average_retention(t - 1) if t > 1 else 0.0

    def renew_unit(self, t: int) -> float | None:
        """Renew the unit if gains have become large. Returns the factor to multiply lags by, None if the unit stays."""
        if self.gain_at(t) < LARGEST_GAIN:
            return None
        before, self.unit = self.unit, average_retention(t - 1)
        return self.unit / before

    def distance_factor(self, t: int) -> float:
        """Return the factor that turns a lag into the distance from weight to average after update t."""
        return average_retention(t) / self.unit if t else 0.0
