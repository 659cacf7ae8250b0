"""Calibrate classification thresholds and select the best candidate."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]

CENTRE = 0.5  # the score that says neither class, of the logistic as of the hinge loss


@dataclass(frozen=True)
class Cuts:
    """Every way to split n scores by a threshold.

    Cut k predicts the `predicted_positives[k]` rows of highest score positive, of which `true_positives[k]` are. Equal
    scores are never split. `scores` are the distinct scores, descending; cut k lies between k - 1 and k.
    """

    scores: Floats
    flagged: NDArray[np.int64]
    hits: NDArray[np.int64]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return int(self.flagged[-1])

    @property
    def positives(self) -> int:
        """The number of rows with label 1."""
        return int(self.hits[-1])

    def threshold(self, k: int) -> float:
        """Return a float32 threshold in cut k: midway between its neighbours.

        At either end, where it has only one neighbour, it is as near to 0.5 as possible.
        """
        if k == 0:
            return float(max(np.nextafter(self.scores[0], np.float32(np.inf)), np.float32(CENTRE)))
        if k == len(self.scores):
            return float(min(self.scores[-1], np.float32(CENTRE)))
        high, low = self.scores[k - 1], self.scores[k]
        middle = np.float32((float(high) + float(low)) / 2)
        return float(middle if middle > low else high)


def cut(score: Floats, label: Floats) -> Cuts:
    """Count predicted and true positives at every distinct score, for scores (n,) and labels 0 or 1, (n,)."""
    order = np.argsort(-score)  # not stable, which takes five times as long: equal scores are not parted
    ranked = score[order].astype(np.float32)
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    hits = np.cumsum(label[order] > 0)[last]
    return Cuts(ranked[last], np.append(0, last + 1), np.append(0, hits))


@dataclass(frozen=True)
class Quality:
    """The criterion's value at each cut; `tie_breaker` decides between equal values.

    Where a constraint is not met, `value` is the negative shortfall, so that the nearest miss is the best of these.
    """

    value: Floats
    second: Floats


Criterion = Callable[[Cuts], Quality]


def accuracy(cuts: Cuts) -> Quality:
    """Return the accuracy at each cut."""
    value = (2 * cuts.hits - cuts.flagged + cuts.rows - cuts.positives) / cuts.rows
    return Quality(value, np.zeros(len(value)))


def f_beta(cuts: Cuts, beta: float) -> Quality:
    """Return (1 + b^2) TP / ((1 + b^2) TP + b^2 FN + FP) at each cut, 0 where undefined."""
    value = shares((1 + beta**2) * cuts.hits, beta**2 * cuts.positives + cuts.flagged)
    return Quality(value, np.zeros(len(value)))


def precision_at_target_recall(cuts: Cuts, target: float) -> Quality:
    """Return the precision at each cut whose recall reaches the target."""
    return constrained(precision(cuts), recall(cuts), target)


def recall_at_target_precision(cuts: Cuts, target: float) -> Quality:
    """Return the recall at each cut whose precision reaches the target."""
    return constrained(recall(cuts), precision(cuts), target)


def constrained(value: Floats, kept: Floats, target: float) -> Quality:
    """Return `value` at cuts where `constraint` reaches the target, the negative shortfall at the others."""
    return Quality(np.where(kept >= target, value, kept - target), np.where(kept >= target, kept, value))


def recall(cuts: Cuts) -> Floats:
    """Return TP / (TP + FN) at each cut, 0 without positive rows."""
    return shares(cuts.hits, np.full(len(cuts.hits), cuts.positives))


def precision(cuts: Cuts) -> Floats:
    """Return TP / (TP + FP) at each cut, 0 without predicted positives."""
    return shares(cuts.hits, cuts.flagged)


def shares(part: Floats, whole: Floats) -> Floats:
    """Divide element by element; 0 where the denominator is 0."""
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)


@dataclass(frozen=True)
class Calibration:
    """The best threshold for one candidate and the criterion's value there."""

    threshold: float
    value: float


def calibrate(score: Floats, label: Floats, criterion: Criterion) -> Calibration:
    """Return the threshold that maximises the criterion; among ties the one nearest to 0.5. O(n log n)."""
    cuts = cut(score, label)
    quality = criterion(cuts)
    best = np.flatnonzero(quality.value == quality.value.max())
    best = best[quality.second[best] == quality.second[best].max()]
    thresholds = [cuts.threshold(int(k)) for k in nearest(cuts, best)]
    return Calibration(min(thresholds, key=lambda threshold: abs(threshold - CENTRE)), float(quality.value[best[0]]))


def nearest(cuts: Cuts, best: NDArray[np.int64]) -> NDArray[np.int64]:
    """Reduce equally good cuts to those whose threshold may be nearest to 0.5, at most three."""
    above = int(np.searchsorted(-cuts.scores, -CENTRE))
    place = int(np.searchsorted(best, above))
    return best[max(place - 1, 0) : place + 2]


def choose(values: Floats, losses: Floats, *, maximise: bool) -> int | None:
    """Return the index of the best value; ties go to the lower loss, then to the lower index.

    A candidate whose value or loss is not finite has diverged and cannot be chosen; None if all have.
    """
    sign = -1 if maximise else 1
    finite = [m for m in range(len(values)) if np.isfinite(values[m]) and np.isfinite(losses[m])]
    return min(finite, key=lambda m: (sign * values[m], losses[m], m), default=None)
