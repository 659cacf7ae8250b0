"""Losses as the page shows them: in words, in the label's own units, and not squared.

Tests: tests/linear_learner/report/test_page.py.
"""

import math
from dataclasses import dataclass

from linear_learner.report.schema import Report
from open_algorithms.learning.showing.quality.scores import name_score
from open_algorithms.learning.showing.words import format_rounded

DIGITS = 4


@dataclass(frozen=True)
class ShownLoss:
    """How losses are shown: their name in words, what one of the train rows counts, and whether the root is taken."""

    words: str
    train_unit: float
    is_root: bool

    def show(self, loss: float, channel: str = "") -> float:
        """Return a loss as it is shown; one of the channel train is brought into the label's own units."""
        value = loss * self.train_unit if channel == "train" else loss
        return math.sqrt(value) if self.is_root and value >= 0 else value

    def write(self, loss: float, channel: str = "") -> str:
        """Write a loss as it is shown."""
        return format_rounded(self.show(loss, channel), DIGITS)


def shown_loss(report: Report) -> ShownLoss:
    """Return how the losses of a report are shown: the root of the mean squared error in place of that."""
    is_root = report.objective == "mse_objective"
    words = name_score("rmse") if is_root else name_score(report.objective)
    return ShownLoss(words, report.training.loss_unit, is_root)
