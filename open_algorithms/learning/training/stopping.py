"""Early stopping: whether an epoch improved on the best value, and whether training should end."""

import math
from dataclasses import dataclass


@dataclass
class EarlyStopping:
    """The original's rule: stop after patience + 1 epochs in a row without a relative improvement above `tolerance`.

    `optimum` is the best value so far, including epochs whose improvement was too small to count.
    """

    patience: int
    tolerance: float
    maximise: bool
    optimum: float = math.nan
    idle_epochs: int = 0

    def record_value(self, value: float) -> bool:
        """Record an epoch's value; return whether it counts as an improvement."""
        if not math.isfinite(value):
            better = False
        elif math.isnan(self.optimum):
            better = True
        else:
            gain = (value - self.optimum) * (1 if self.maximise else -1)
            better = gain > self.tolerance * abs(self.optimum)
        if math.isfinite(value):
            best = max if self.maximise else min
            self.optimum = value if math.isnan(self.optimum) else best(self.optimum, value)
        self.idle_epochs = 0 if better else self.idle_epochs + 1
        return better

    @property
    def is_over(self) -> bool:
        """Say whether training should end."""
        return self.idle_epochs > self.patience
