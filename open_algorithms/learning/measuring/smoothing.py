"""Calibrate the threshold on few rows: the mean cut of many resampled calibrations instead of the best cut of one.

The best threshold of few rows follows their noise. Its regret, which is how far the criterion on new rows stays below
that of the best threshold there, falls by a fifth to a third when the optimal cuts of reweighted rows are averaged
(bagging, Breiman 1996). Every row gets a random weight of mean 1 (the Bayesian bootstrap, Rubin 1981). The spread of
the cuts vanishes as rows are added, and so does the difference from the best cut. `benchmarks.thresholds` measures it.
"""

import numpy as np

from open_algorithms.learning.measuring.thresholds import (
    Calibration,
    Criterion,
    best_cut,
    calibrate_threshold,
    enumerate_cuts,
)
from open_algorithms.learning.types.arrays import Floats, Int64s

MOST_DRAWS, LEAST_DRAWS = 100, 20
DRAWN_ROWS = 10_000_000  # of all draws together, which take a second


def smooth_threshold(score: Floats, label: Floats, criterion: Criterion, weights: Floats | None = None) -> Calibration:
    """Return the threshold at the mean of the optimal cuts of many reweighted samples, and its value on the rows.

    For accuracy and F-beta. A criterion with a target keeps `calibrate_threshold`: where a target of precision is just
    met, the mean of the cuts misses it more often. The rows, with scores and labels (n,), count by `weights` (n,),
    where there are any. The same rows give the same threshold in any order.

    Beyond 100,000 rows there are fewer samples, and beyond 500,000 the threshold is the best of the rows.
    """
    draws = min(MOST_DRAWS, DRAWN_ROWS // len(score))
    if draws < LEAST_DRAWS:
        return calibrate_threshold(score, label, criterion, weights)
    given = np.ones(len(score)) if weights is None else weights.astype(np.float64)
    order = np.lexsort((given, label, -score))
    score, label, given = score[order], label[order], given[order]
    generator = np.random.default_rng(0)
    chosen = []
    for _ in range(draws):
        cuts = enumerate_cuts(score, label, given * generator.standard_exponential(len(score)))
        chosen.append(best_cut(cuts, criterion(cuts)))
    cuts = enumerate_cuts(score, label, given)
    k = mean_cut(np.array(chosen), len(cuts.scores))
    return Calibration(cuts.threshold_at(k), float(criterion(cuts).value[k]))


def mean_cut(chosen: Int64s, scores: int) -> int:
    """Return the mean of indices of cuts among `scores` distinct scores: the geometric mean of the odds k : scores - k.

    By rank, only the order of the scores decides, of probabilities as of margins. By odds, where positives are rare, a
    cut that predicts few rows positive counts as much as one that predicts many.
    """
    odds = np.exp(np.log((chosen + 0.5) / (scores - chosen + 0.5)).mean())
    return round(float(odds / (1 + odds) * (scores + 1) - 0.5))
