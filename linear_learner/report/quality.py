"""How good a model is on a channel, as plain data: curves, thresholds, confusion matrices and residuals."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.measuring import thresholds as selection
from linear_learner.measuring.final import Measured
from linear_learner.measuring.metrics import Binary, Multiclass, Regressor
from linear_learner.measuring.thresholds import Cuts, shares
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.model import Model

Floats = NDArray[Any]
Plain = dict[str, Any]

POINTS = 250  # of a curve
NEIGHBOURS = (0.01, 0.05, 0.2)  # shares of the rows, by which other thresholds flag more or less
SCORE_BINS, RESIDUAL_BINS = 10, 41
ALIKE = 1e-9  # of their size, by which numbers differ that are shown as one
PLOTTED_ROWS = 1000  # of a regressor's labels and predictions
CLASSES = 1000  # that are told one by one, those with the most rows


def quality(measured: Measured, model: Model) -> Plain:
    """Return scores, curves and counts of the model on a channel, by its predictor type."""
    found: Plain = {"scores": {name: value for name, _, value in measured.scores}}
    match measured.tally:
        case Binary() as tally:
            return found | binary(tally, model)
        case Multiclass() as tally:
            return found | multiclass(tally)
        case tally:
            return found | regression(tally)


def binary(tally: Binary, model: Model) -> Plain:
    """Return confusion matrix, ROC and precision-recall curves, thresholds and calibration of a binary classifier."""
    cuts = tally.ranking.cuts()
    negatives = cuts.rows - cuts.positives
    wrong = cuts.flagged - cuts.hits
    recall, precision = selection.recall(cuts), selection.precision(cuts)
    fallout = shares(wrong, np.full(len(wrong), negatives))
    chosen = spread(fallout + recall)
    found = {
        "confusion": [
            [negatives - (tally.flagged - tally.hits), tally.flagged - tally.hits],
            [tally.positives - tally.hits, tally.hits],
        ],
        "roc": {"false_positive_rate": fallout[chosen], "true_positive_rate": recall[chosen]},
        "precision_recall": {"recall": recall[chosen][1:], "precision": precision[chosen][1:]},
        "thresholds": thresholds(tally, cuts, model.threshold),
    }
    if LOSSES[model.loss_type].name == "logistic":
        found["calibration"] = calibration(*tally.ranking.counts)
    return found


def spread(position: Floats) -> NDArray[np.int64]:
    """Return up to POINTS indices evenly spaced along a curve, both ends included.

    `position` (m,) is non-decreasing.
    """
    wanted = np.linspace(position[0], position[-1], POINTS)
    return np.asarray(np.unique(np.append(np.searchsorted(position, wanted), [0, len(position) - 1])))


def thresholds(tally: Binary, cuts: Cuts, threshold: float) -> list[Plain]:
    """Return the metrics at the calibrated threshold and at others around it, in ascending order.

    The others are the next scores on either side and the thresholds that flag FLAGGED_SHARES more or fewer of the
    rows. Where scores were counted in bins, each is the lower edge of one.
    """
    own = int((cuts.scores.astype(np.float64) >= threshold).sum())
    places = {max(own - 1, 1), min(own + 1, len(cuts.scores))}
    for share in NEIGHBOURS:
        for flagged in (tally.flagged - share * tally.rows, tally.flagged + share * tally.rows):
            if 0 < flagged < tally.rows:
                places.add(max(int(np.searchsorted(cuts.flagged, flagged)), 1))
    places.discard(own)
    exact = tally.ranking.bins is None
    found = [
        decision(tally, at, int(cuts.flagged[k]), int(cuts.hits[k])) | {"calibrated": False}
        for k in places
        if np.isfinite(at := cuts.threshold(k) if exact else float(cuts.scores[k - 1]))
    ]
    found.append(decision(tally, threshold, tally.flagged, tally.hits) | {"calibrated": True})
    return sorted(found, key=lambda entry: entry["threshold"])


def decision(tally: Binary, threshold: float, flagged: int, hits: int) -> Plain:
    """Return the metrics of a threshold that flags `flagged` rows as positive, `hits` of them correctly."""
    at = Binary(tally.beta)
    at.rows, at.positives, at.flagged, at.hits = tally.rows, tally.positives, flagged, hits
    return {"threshold": threshold, "flagged": flagged, **at.decided()}


def calibration(scores: Floats, counts: NDArray[np.int64]) -> Plain:
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


def multiclass(tally: Multiclass) -> Plain:
    """Return recall and precision of each class, of many the LISTED_CLASSES most frequent, and the confusion matrix."""
    recall, precision = shares(tally.hits, tally.positives), shares(tally.hits, tally.flagged)
    most = np.sort(np.argsort(-tally.positives, kind="stable")[:CLASSES])
    found: Plain = {
        "classes": [
            {
                "class": c,
                "rows": tally.positives[c],
                "flagged": tally.flagged[c],
                "recall": recall[c],
                "precision": precision[c],
            }
            for c in most.tolist()
        ]
    }
    if tally.pairs.size:
        found["confusion"] = tally.pairs
    return found


def regression(tally: Regressor) -> Plain:
    """Return residuals and predictions against labels on a sample of the rows, those with finite values."""
    label, score = tally.sample.values[np.isfinite(tally.sample.values).all(axis=1)].T
    if not len(label):
        return {"sampled_rows": 0}
    residual = score - label
    low, high = np.quantile(residual, (0.005, 0.995))
    size = max(abs(low), abs(high))
    if high - low <= ALIKE * size:
        low, high = low - (size or 1) / 2, high + (size or 1) / 2
    counts, edges = np.histogram(np.clip(residual, low, high), RESIDUAL_BINS, (low, high))
    some = np.linspace(0, len(label) - 1, min(len(label), PLOTTED_ROWS)).astype(np.int64)
    quantiles = {level: np.quantile(residual, level) for level in (0.05, 0.25, 0.5, 0.75, 0.95)}
    return {
        "sampled_rows": len(label),
        "residuals": {"edges": edges, "counts": counts, "quantiles": quantiles},
        "predictions": {"label": label[some], "score": score[some]},
    }
