"""How good a model is on a channel, from its tally: scores, curves, thresholds, confusion matrices and residuals."""

from collections.abc import Iterable, Mapping

import numpy as np

from open_algorithms.learning.measuring import thresholds as selection
from open_algorithms.learning.measuring.metrics import BinaryTally, Metric, MulticlassTally, RegressorTally, Tally
from open_algorithms.learning.measuring.thresholds import Cuts, safe_ratios
from open_algorithms.learning.showing.quality.schema import (
    BinaryQuality,
    CalibrationCurve,
    ChannelRows,
    ClassQuality,
    LabelMoments,
    MulticlassQuality,
    PrecisionRecallCurve,
    Predictions,
    Quality,
    RegressionQuality,
    Residuals,
    RocCurve,
    ThresholdEntry,
)
from open_algorithms.learning.types.arrays import Float32s, Float64s, Int64s

Scores = Mapping[str, float]

CURVE_POINTS = 250  # of a curve
NEIGHBOUR_SHARES = (0.01, 0.05, 0.2)  # shares of the rows, by which other thresholds flag more or less
SCORE_BINS, RESIDUAL_BINS = 10, 41
RELATIVE_TOLERANCE = 1e-9  # of their size, by which numbers differ that are shown as one
PLOTTED_ROWS = 1000  # of a regressor's labels and predictions
LISTED_CLASSES = 1000  # that are listed, those with the most rows
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def count_labels(tally: Tally) -> ChannelRows:
    """Return the row count of a channel, and its rows of each class or the moments of its labels."""
    match tally:
        case BinaryTally():
            return ChannelRows(tally.rows, classes=[tally.rows - tally.positives, tally.positives])
        case MulticlassTally():
            return ChannelRows(int(tally.positives.sum()), classes=tally.positives.tolist())
        case _:
            labels = tally.labels
            return ChannelRows(labels.rows, label=LabelMoments(labels.mean, labels.value**0.5))


def channel_quality(metrics: Iterable[Metric], tally: Tally, threshold: float, *, is_probability: bool) -> Quality:
    """Return scores, curves and counts of a model on a channel, by what was tallied.

    `threshold` is that of a binary classifier, whose calibration is told where its score `is_probability`.
    """
    scores = {name: value for name, _, value in metrics}
    match tally:
        case BinaryTally():
            return binary_quality(scores, tally, threshold, is_probability=is_probability)
        case MulticlassTally():
            return multiclass_quality(scores, tally)
        case _:
            return regression_quality(scores, tally)


def binary_quality(scores: Scores, tally: BinaryTally, threshold: float, *, is_probability: bool) -> BinaryQuality:
    """Return confusion matrix, ROC and precision-recall curves, thresholds and calibration of a binary classifier."""
    cuts = tally.ranking.threshold_cuts()
    negatives = tally.rows - tally.positives
    false_positives = tally.predicted_positives - tally.true_positives
    wrong = cuts.predicted_positives - cuts.true_positives
    recall, precision = selection.recall_at_cuts(cuts), selection.precision_at_cuts(cuts)
    fallout: Float64s = safe_ratios(wrong, np.full(len(wrong), negatives))
    chosen = curve_points(np.add(fallout, recall))
    return BinaryQuality(
        scores=scores,
        confusion=[
            [negatives - false_positives, false_positives],
            [tally.positives - tally.true_positives, tally.true_positives],
        ],
        roc=RocCurve(fallout[chosen].tolist(), recall[chosen].tolist()),
        precision_recall=PrecisionRecallCurve(recall[chosen][1:].tolist(), precision[chosen][1:].tolist()),
        thresholds=threshold_entries(tally, cuts, threshold),
        calibration=calibration_curve(*tally.ranking.counts_by_score) if is_probability else None,
    )


def curve_points(position: Float64s) -> Int64s:
    """Return up to CURVE_POINTS indices evenly spaced along a curve, both ends included.

    `position` (m,) is non-decreasing.
    """
    wanted = np.linspace(position[0], position[-1], CURVE_POINTS)
    return np.asarray(np.unique(np.append(np.searchsorted(position, wanted), [0, len(position) - 1])))


def threshold_entries(tally: BinaryTally, cuts: Cuts, threshold: float) -> list[ThresholdEntry]:
    """Return the metrics at the calibrated threshold and at others around it, in ascending order.

    The others are the next scores on either side and the thresholds that flag NEIGHBOUR_SHARES more or fewer of the
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
    entries = [
        threshold_entry(tally, at, int(cuts.predicted_positives[k]), int(cuts.true_positives[k]))
        for k in places
        if np.isfinite(at := cuts.threshold_at(k) if exact else float(cuts.scores[k - 1]))
    ]
    entries.append(threshold_entry(tally, threshold, tally.predicted_positives, tally.true_positives, calibrated=True))
    return sorted(entries, key=lambda entry: entry.threshold)


def threshold_entry(
    tally: BinaryTally, threshold: float, predicted_positives: int, true_positives: int, *, calibrated: bool = False
) -> ThresholdEntry:
    """Return the metrics of a threshold that flags `predicted_positives` rows, `true_positives` of them correctly."""
    at = BinaryTally(tally.beta)
    at.rows, at.positives = tally.rows, tally.positives
    at.predicted_positives, at.true_positives = predicted_positives, true_positives
    return ThresholdEntry(threshold, predicted_positives, at.threshold_metrics(), calibrated)


def calibration_curve(scores: Float32s, counts: Int64s) -> CalibrationCurve:
    """Return mean score and share of positives in SCORE_BINS equal ranges of the score; empty ranges are left out.

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
    return CalibrationCurve(rows[filled].astype(np.int64).tolist(), mean.tolist(), positive.tolist())


def multiclass_quality(scores: Scores, tally: MulticlassTally) -> MulticlassQuality:
    """Return recall and precision of each class, of many the LISTED_CLASSES most frequent, and the confusion matrix."""
    recall = safe_ratios(tally.true_positives, tally.positives)
    precision = safe_ratios(tally.true_positives, tally.predicted_positives)
    most = np.sort(np.argsort(-tally.positives, kind="stable")[:LISTED_CLASSES])
    columns = (part[most].tolist() for part in (tally.positives, tally.predicted_positives, recall, precision))
    return MulticlassQuality(
        scores,
        [ClassQuality(*values) for values in zip(most.tolist(), *columns, strict=True)],
        tally.confusion.tolist() if tally.confusion.size else None,
    )


def regression_quality(scores: Scores, tally: RegressorTally) -> RegressionQuality:
    """Return residuals and predictions against labels on a sample of the rows, those with finite values."""
    label, score = tally.sample.kept_rows[np.isfinite(tally.sample.kept_rows).all(axis=1)].T
    if not len(label):
        return RegressionQuality(scores, sampled_rows=0)
    residual = score - label
    low, high = np.quantile(residual, (0.005, 0.995))
    size = max(abs(low), abs(high))
    if high - low <= RELATIVE_TOLERANCE * size:
        low, high = low - (size or 1) / 2, high + (size or 1) / 2
    counts, edges = np.histogram(np.clip(residual, low, high), RESIDUAL_BINS, (low, high))
    quantiles = {str(level): float(np.quantile(residual, level)) for level in QUANTILES}
    some = np.linspace(0, len(label) - 1, min(len(label), PLOTTED_ROWS)).astype(np.int64)
    return RegressionQuality(
        scores,
        len(label),
        Residuals(edges.tolist(), counts.tolist(), quantiles),
        Predictions(label[some].tolist(), score[some].tolist()),
    )
