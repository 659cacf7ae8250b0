"""Calibrate thresholds and choose the best candidate."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]


@dataclass(frozen=True)
class Cuts:
    """Every way to cut n scores in two.

    Cut k calls the `flagged[k]` highest scores positive, `hits[k]` of them rightly.
    Equal scores are never parted. `scores` holds the distinct scores, falling; cut k lies between k - 1 and k.
    """

    scores: Floats
    flagged: NDArray[np.int64]
    hits: NDArray[np.int64]

    @property
    def rows(self) -> int:
        """Count the scores."""
        return int(self.flagged[-1])

    @property
    def positives(self) -> int:
        """Count the rows whose label is 1."""
        return int(self.hits[-1])

    def threshold(self, k: int, centre: float) -> float:
        """Place a float32 threshold in cut k: half way between its neighbours, or as near to `centre` as it may."""
        if k == 0:
            return float(max(np.nextafter(self.scores[0], np.float32(np.inf)), np.float32(centre)))
        if k == len(self.scores):
            return float(min(self.scores[-1], np.float32(centre)))
        high, low = self.scores[k - 1], self.scores[k]
        middle = np.float32((float(high) + float(low)) / 2)
        return float(middle if middle > low else high)


def cut(score: Floats, label: Floats) -> Cuts:
    """Sort scores (n,) with their labels 0 or 1 and count at every distinct score."""
    order = np.argsort(-score, kind="stable")
    ranked = score[order].astype(np.float32)
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    hits = np.cumsum(label[order] > 0)[last]
    return Cuts(ranked[last], np.append(0, last + 1), np.append(0, hits))


def accuracy(cuts: Cuts) -> Floats:
    """Return the share of rows called rightly at each cut."""
    return np.asarray((2 * cuts.hits - cuts.flagged + cuts.rows - cuts.positives) / cuts.rows)


def f_beta(cuts: Cuts, beta: float) -> Floats:
    """Return (1 + b^2) TP / ((1 + b^2) TP + b^2 FN + FP) at each cut, 0 where it has no value."""
    weight = beta**2
    whole = weight * cuts.positives + cuts.flagged
    return np.divide((1 + weight) * cuts.hits, whole, out=np.zeros(len(whole)), where=whole > 0)


@dataclass(frozen=True)
class Calibration:
    """The best threshold for one candidate and the criterion's value there."""

    threshold: float
    value: float


def calibrate(score: Floats, label: Floats, criterion: Callable[[Cuts], Floats], centre: float = 0.5) -> Calibration:
    """Find the threshold at which the criterion is highest; among equals the one nearest to `centre`. O(n log n)."""
    cuts = cut(score, label)
    values = criterion(cuts)
    best = np.flatnonzero(values == values.max())
    thresholds = [cuts.threshold(int(k), centre) for k in nearest(cuts, best, centre)]
    return Calibration(min(thresholds, key=lambda threshold: abs(threshold - centre)), float(values.max()))


def nearest(cuts: Cuts, best: NDArray[np.int64], centre: float) -> NDArray[np.int64]:
    """Keep of several equally good cuts the two around `centre`."""
    above = int(np.searchsorted(-cuts.scores, -centre))
    place = int(np.searchsorted(best, above))
    return best[max(place - 1, 0) : place + 2]


def choose(values: Floats, losses: Floats, *, maximise: bool) -> int | None:
    """Return the index of the best value; ties go to the lower loss, then to the lower index.

    A candidate whose value or loss is not finite has diverged and cannot be chosen; None if all have.
    """
    sign = -1 if maximise else 1
    finite = [m for m in range(len(values)) if np.isfinite(values[m]) and np.isfinite(losses[m])]
    return min(finite, key=lambda m: (sign * values[m], losses[m], m), default=None)
