"""Calibrate classification thresholds and select the best candidate."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from open_algorithms.learning.types.arrays import Bools, Float32s, Floats, Int64s, Numbers

NEUTRAL_SCORE = 0.5  # the score that says neither class, of the logistic as of the hinge loss


@dataclass(frozen=True)
class Cuts:
    """Every way to split n scores by a threshold.

    Cut k predicts the `predicted_positives[k]` rows of highest score positive, of which `true_positives[k]` are. Equal
    scores are never split. `scores` are the distinct scores, descending; cut k lies between k - 1 and k. Rows with
    weights count by these. The counts of several models on the same rows may have one more dimension in front.
    """

    scores: Floats
    predicted_positives: Numbers
    true_positives: Numbers

    @property
    def row_count(self) -> float:
        """The number of rows."""
        return float(self.predicted_positives.flat[-1])

    @property
    def positive_count(self) -> float:
        """The number of rows with label 1."""
        return float(self.true_positives.flat[-1])

    def threshold_at(self, k: int) -> float:
        """Return a float32 threshold in cut k: midway between its neighbours.

        At either end, where it has only one neighbour, it is as near to 0.5 as possible.
        """
        if k == 0:
            return float(max(np.nextafter(self.scores[0], np.float32(np.inf)), np.float32(NEUTRAL_SCORE)))
        if k == len(self.scores):
            return float(min(self.scores[-1], np.float32(NEUTRAL_SCORE)))
        high, low = self.scores[k - 1], self.scores[k]
        middle = np.float32((float(high) + float(low)) / 2)
        return float(middle if middle > low else high)


def enumerate_cuts(score: Floats, label: Floats, weights: Floats | None = None) -> Cuts:
    """Count predicted and true positives at every distinct score, for scores (n,) and labels 0 or 1, (n,).

    Each row counts by its weight (n,), where there are weights.
    """
    order = np.argsort(-score)  # not stable, which takes five times as long: equal scores are not parted
    ranked = score[order].astype(np.float32)
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    positive: Numbers | Bools = label[order] > 0
    flagged: Numbers = last + 1
    if weights is not None:
        counted = weights[order].astype(np.float64)
        positive, flagged = counted * positive, np.cumsum(counted)[last]
    return Cuts(ranked[last], np.append(0, flagged), np.append(0, np.cumsum(positive)[last]))


@dataclass(frozen=True)
class CutValues:
    """The criterion's value at each cut; `tie_breaker` decides between equal values.

    Where a constraint is not met, `value` is the negative shortfall, so that the nearest miss is the best of these.
    """

    value: Floats
    tie_breaker: Floats


Criterion = Callable[[Cuts], CutValues]
Measure = Callable[[Cuts], Floats]


def accuracy_at_cuts(cuts: Cuts) -> CutValues:
    """Return the accuracy at each cut."""
    value = (2 * cuts.true_positives - cuts.predicted_positives + cuts.row_count - cuts.positive_count) / cuts.row_count
    return CutValues(value, np.zeros_like(value))


def f_beta_at_cuts(cuts: Cuts, beta: float) -> CutValues:
    """Return (1 + b^2) TP / ((1 + b^2) TP + b^2 FN + FP) at each cut, 0 where undefined."""
    value = safe_ratios((1 + beta**2) * cuts.true_positives, beta**2 * cuts.positive_count + cuts.predicted_positives)
    return CutValues(value, np.zeros_like(value))


def precision_at_target_recall(cuts: Cuts, target: float) -> CutValues:
    """Return the precision at each cut whose recall reaches the target."""
    return constrained_values(precision_at_cuts(cuts), recall_at_cuts(cuts), target)


def recall_at_target_precision(cuts: Cuts, target: float) -> CutValues:
    """Return the recall at each cut whose precision reaches the target."""
    return constrained_values(recall_at_cuts(cuts), precision_at_cuts(cuts), target)


def constrained_values(value: Floats, constraint: Floats, target: float) -> CutValues:
    """Return `value` at cuts where `constraint` reaches the target, the negative shortfall at the others."""
    return CutValues(
        np.where(constraint >= target, value, constraint - target), np.where(constraint >= target, constraint, value)
    )


def recall_at_cuts(cuts: Cuts) -> Floats:
    """Return TP / (TP + FN) at each cut, 0 without positive rows."""
    return safe_ratios(cuts.true_positives, np.full(cuts.true_positives.shape, cuts.positive_count))


def precision_at_cuts(cuts: Cuts) -> Floats:
    """Return TP / (TP + FP) at each cut, 0 without predicted positives."""
    return safe_ratios(cuts.true_positives, cuts.predicted_positives)


def safe_ratios(part: Numbers, whole: Numbers) -> Floats:
    """Divide element by element; 0 where the denominator is 0."""
    return np.divide(part, whole, out=np.zeros(np.broadcast_shapes(part.shape, whole.shape)), where=whole > 0)


@dataclass(frozen=True)
class Calibration:
    """A threshold for one candidate and the criterion's value there."""

    threshold: float
    value: float


def calibrate_threshold(
    score: Floats, label: Floats, criterion: Criterion, weights: Floats | None = None
) -> Calibration:
    """Return the threshold that maximises the criterion; among ties the one nearest to 0.5. O(n log n).

    The rows, with scores and labels (n,), count by `weights` (n,), where there are any.
    """
    cuts = enumerate_cuts(score, label, weights)
    quality = criterion(cuts)
    k = best_cut(cuts, quality)
    return Calibration(cuts.threshold_at(k), float(quality.value[k]))


def best_values(score: Float32s, label: Floats, criterion: Criterion) -> Floats:
    """Return the best value of the criterion at any threshold for the scores (M, n) of each model, (M,).

    That is what `calibrate_threshold` finds for one model. A score and its label are sorted as one integer, and of all
    models at once, which takes a third of the time: the bits of floats are in the order of their values but for
    negative ones, whose order is turned round.
    """
    models, rows = score.shape
    bits = (0 - score).view(np.int32)
    keys = ((bits ^ ((bits >> 31) & 0x7FFFFFFF)).astype(np.int64) << 1) | (label > 0)
    keys.sort(axis=1)
    true = np.zeros((models, rows + 1), np.int32)
    np.cumsum(keys & 1, axis=1, out=true[:, 1:])
    values = criterion(Cuts(score[:0, 0], np.arange(rows + 1, dtype=np.int32), true)).value
    values[:, 1:-1][keys[:, 1:] >> 1 == keys[:, :-1] >> 1] = -np.inf  # equal scores are not parted
    return np.asarray(values.max(axis=1))


def best_cut(cuts: Cuts, quality: CutValues) -> int:
    """Return the index of the best cut; among ties the one whose threshold is nearest to 0.5."""
    best = np.flatnonzero(quality.value == quality.value.max())
    best = best[quality.tie_breaker[best] == quality.tie_breaker[best].max()]
    nearest = (int(k) for k in nearest_to_neutral(cuts, best))
    return min(nearest, key=lambda k: abs(cuts.threshold_at(k) - NEUTRAL_SCORE))


def nearest_to_neutral(cuts: Cuts, best: Int64s) -> Int64s:
    """Reduce equally good cuts to those whose threshold may be nearest to 0.5, at most three."""
    above = int(np.searchsorted(-cuts.scores, -NEUTRAL_SCORE))
    place = int(np.searchsorted(best, above))
    return best[max(place - 1, 0) : place + 2]


def best_candidate(values: Floats, losses: Floats, *, maximise: bool) -> int | None:
    """Return the index of the best value; ties go to the lower loss, then to the lower index.

    A candidate whose value or loss is not finite has diverged and cannot be chosen; None if all have.
    """
    sign = -1 if maximise else 1
    finite = [m for m in range(len(values)) if np.isfinite(values[m]) and np.isfinite(losses[m])]
    return min(finite, key=lambda m: (sign * values[m], losses[m], m), default=None)
