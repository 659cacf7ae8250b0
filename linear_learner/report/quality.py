"""How good a model is on a channel, as plain data: curves, thresholds, confusion matrices and residuals."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.measuring import thresholds as selection
from linear_learner.measuring.final import Measurement
from linear_learner.measuring.metrics import BinaryTally, MulticlassTally, RegressorTally
from linear_learner.measuring.thresholds import Cuts, safe_ratios
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.types.arrays import Floats

Plain = dict[str, Any]

CURVE_POINTS = 250  # of a curve
NEIGHBOUR_SHARES = (0.01, 0.05, 0.2)  # shares of the rows, by which other thresholds flag more or less
SCORE_BINS, RESIDUAL_BINS = 10, 41
RELATIVE_TOLERANCE = 1e-9  # of their size, by which numbers differ that are shown as one
PLOTTED_ROWS = 1000  # of a regressor's labels and predictions
LISTED_CLASSES = 1000  # that are told one by one, those with the most rows


def channel_quality(measured: Measurement, model: LinearModel) -> Plain:
    """Return scores, curves and counts of the model on a channel, by its predictor type."""
    found: Plain = {"scores": {name: value for name, _, value in measured.scores}}
    match measured.tally:
        case BinaryTally() as tally:
            return found | binary_quality(tally, model)
        case MulticlassTally() as tally:
            return found | multiclass_quality(tally)
        case tally:
            return found | regression_quality(tally)


def binary_quality(tally: BinaryTally, model: LinearModel) -> Plain:
    """Return confusion matrix, ROC and precision-recall curves, thresholds and calibration of a binary classifier."""
    cuts = tally.ranking.threshold_cuts()
    negatives = cuts.row_count - cuts.positive_count
    wrong = cuts.predicted_positives - cuts.true_positives
    recall, precision = selection.recall_at_cuts(cuts), selection.precision_at_cuts(cuts)
    fallout = safe_ratios(wrong, np.full(len(wrong), negatives))
    chosen = curve_points(fallout + recall)
    found = {
        "confusion": [
            [
                negatives - (tally.predicted_positives - tally.true_positives),
                tally.predicted_positives - tally.true_positives,
            ],
            [tally.positives - tally.true_positives, tally.true_positives],
        ],
        "roc": {"false_positive_rate": fallout[chosen], "true_positive_rate": recall[chosen]},
        "precision_recall": {"recall": recall[chosen][1:], "precision": precision[chosen][1:]},
        "thresholds": threshold_entries(tally, cuts, model.threshold),
    }
    if LOSSES[model.loss_type].name == "logistic":
        found["calibration"] = calibration_bins(*tally.ranking.counts_by_score)
    return found


def curve_points(position: Floats) -> NDArray[np.int64]:
    """Return up to POINTS indices evenly spaced along a curve, both ends included.

    `position` (m,) is non-decreasing.
    """
    wanted = np.linspace(position[0], position[-1], CURVE_POINTS)
    return np.asarray(np.unique(np.append(np.searchsorted(position, wanted), [0, len(position) - 1])))


def threshold_entries(tally: BinaryTally, cuts: Cuts, threshold: float) -> list[Plain]:
    """Return the metrics at the calibrated threshold and at others around it, in ascending order.

    The others are the next scores on either side and the thresholds that flag FLAGGED_SHARES more or fewer of the
    rows. Where scores were counted in bins, each is the lower edge of one.
    """
    own = int((cuts.scores.astype(np.float64) >= threshold).sum())
    places = {max(own - 1, 1), min(own + 1, len(cuts.scores))}
    for share in NEIGHBOUR_SHARES:
        for flagged in (tally.predicted_positives - share * tally.rows, tally.predicted_positives + share * tally.rows):
            if 0 < flagged < tally.rows:
                places.add(max(int(np.searchsorted(cuts.predicted_positives, flagged)), 1))
    places.discard(own)
    exact = tally.ranking.bins is None
    found = [
        threshold_entry(tally, at, int(cuts.predicted_positives[k]), int(cuts.true_positives[k]))
        | {"calibrated": False}
        for k in places
        if np.isfinite(at := cuts.threshold_at(k) if exact else float(cuts.scores[k - 1]))
    ]
    found.append(
        threshold_entry(tally, threshold, tally.predicted_positives, tally.true_positives) | {"calibrated": True}
    )
    return sorted(found, key=lambda entry: entry["threshold"])


def threshold_entry(tally: BinaryTally, threshold: float, predicted_positives: int, true_positives: int) -> Plain:
    """Return the metrics of a threshold that flags `predicted_positives` rows, `true_positives` of them correctly."""
    at = BinaryTally(tally.beta)
    at.rows, at.positives, at.predicted_positives, at.true_positives = (
        tally.rows,
        tally.positives,
        predicted_positives,
        true_positives,
    )
    return {"threshold": threshold, "flagged": predicted_positives, **at.threshold_metrics()}


def calibration_bins(scores: Floats, counts: NDArray[np.int64]) -> Plain:
    """Return mean score and share of positives in equal ranges of the score (reliability diagram).

    `scores` (u,) are distinct scores and `counts` (u, 2) their rows of either label.
    """
    known = np.isfinite(scores)
    scores, counts = scores[known], counts[known]
    bins = np.minimum((scores * SCORE_BINS).astype(np.int64), SCORE_BINS - 1)
    total = counts.sum(axis=1)
    rows = np.bincount(bins, weights=total, minlength=SCORE_BINS)
    filled = rows > 0
    mean = np.bincount(bins, weights=total * scores.astype(np.float64), minlength=SCORE_BINS)[filled] / rows[filled]
    positive = np.bincount(bins, weights=counts[:, 1], minlength=SCORE_BINS)[filled] / rows[filled]
    return {"rows": rows[filled].astype(np.int64), "mean_score": mean, "positive_share": positive}


def multiclass_quality(tally: MulticlassTally) -> Plain:
    """Return recall and precision of each class, of many the LISTED_CLASSES most frequent, and the confusion matrix."""
    recall, precision = (
        safe_ratios(tally.true_positives, tally.positives),
        safe_ratios(tally.true_positives, tally.predicted_positives),
    )
    most = np.sort(np.argsort(-tally.positives, kind="stable")[:LISTED_CLASSES])
    found: Plain = {
        "classes": [
            {
                "class": c,
                "rows": tally.positives[c],
                "flagged": tally.predicted_positives[c],
                "recall": recall[c],
                "precision": precision[c],
            }
            for c in most.tolist()
        ]
    }
    if tally.confusion.size:
        found["confusion"] = tally.confusion
    return found


def regression_quality(tally: RegressorTally) -> Plain:
    """Return residuals and predictions against labels on a sample of the rows, those with finite values."""
    label, score = tally.sample.kept_rows[np.isfinite(tally.sample.kept_rows).all(axis=1)].T
    if not len(label):
        return {"sampled_rows": 0}
    residual = score - label
    low, high = np.quantile(residual, (0.005, 0.995))
    size = max(abs(low), abs(high))
    if high - low <= RELATIVE_TOLERANCE * size:
        low, high = low - (size or 1) / 2, high + (size or 1) / 2
    counts, edges = np.histogram(np.clip(residual, low, high), RESIDUAL_BINS, (low, high))
    some = np.linspace(0, len(label) - 1, min(len(label), PLOTTED_ROWS)).astype(np.int64)
    quantiles = {level: np.quantile(residual, level) for level in (0.05, 0.25, 0.5, 0.75, 0.95)}
    return {
        "sampled_rows": len(label),
        "residuals": {"edges": edges, "counts": counts, "quantiles": quantiles},
        "predictions": {"label": label[some], "score": score[some]},
    }
