"""How far a classifier's probabilities are from the shares of rows that they promise: the expected calibration error.

Naeini, Cooper and Hauskrecht 2015, in bins of equal numbers of rows as of Nguyen and O'Connor 2015: most scores lie
near 0 and 1, where bins of equal width would hold nearly all rows, and the others too few. There are 15, as in Guo et
al. 2017 and most tables since.
"""

from dataclasses import dataclass

import numpy as np

from open_algorithms.learning.types.arrays import Floats, Int64s

BINS = 15
NOTICED_ERROR = 0.05  # from which on users are told
NOTICED_RATIO = 2.0  # to what chance gives: five standard deviations of the error of right probabilities


@dataclass(frozen=True)
class CalibrationError:
    """The expected calibration error, and what probabilities that are exactly right would have on as many rows."""

    value: float
    by_chance: float

    @property
    def is_noticeable(self) -> bool:
        """Whether the probabilities are far off, by more than chance."""
        return self.value > max(NOTICED_ERROR, NOTICED_RATIO * self.by_chance)


def measure_calibration(scores: Floats, counts: Int64s) -> CalibrationError:
    """Return the mean over rows of |share of positives - mean score| of their bin; NaN where no score is finite.

    `scores` (u,) are distinct probabilities, ascending, and `counts` (u, 2) the numbers of negatives and positives at
    each. Equal scores share a bin. By chance, a bin's number of positives has the variance sum p (1 - p), and its mean
    absolute error is sqrt(2 / pi) of the standard deviation.
    """
    known = np.isfinite(scores)
    probability, positives, rows = scores[known].astype(np.float64), counts[known, 1], counts[known].sum(axis=1)
    total = int(rows.sum())
    if not total:
        return CalibrationError(np.nan, np.nan)
    bins = ((np.cumsum(rows) - rows / 2) * (BINS / total)).astype(np.int64)
    excess = np.bincount(bins, positives - rows * probability)
    variance = np.bincount(bins, rows * probability * (1 - probability))
    return CalibrationError(float(np.abs(excess).sum() / total), float(np.sqrt(2 / np.pi * variance).sum() / total))


def describe_miscalibration(error: CalibrationError, rows: str, *, has_weights: bool, is_solved: bool = False) -> str:
    """Say in words that the probabilities are far off on some `rows`, and why.

    `has_weights` where classes or rows count unequally, and `is_solved` where the model is at its optimum.
    """
    more = "" if is_solved else "longer training (more epochs, a smaller mini_batch_size), "
    cause = (
        "Weights of classes or rows do this: for right probabilities, train without them."
        if has_weights
        else f"What may help: {more}more train rows, and rows to select on that are like them; with two classes also "
        "binary_classifier_model_selection_criteria=loss_function."
    )
    return (
        f"The probabilities are off by {error.value:.2g} on average on {rows} (the expected calibration "
        f"error; right ones would be off by {error.by_chance:.2g}, by chance): use the predicted labels, or the scores "
        f"for their order, but a score of 0.7 does not mean that 7 in 10 such rows are of that class. {cause}"
    )
