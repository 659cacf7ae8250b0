"""How good a model is on a channel, from its tally: scores, curves, thresholds, confusion matrices and residuals."""

from collections.abc import Iterable, Mapping

import numpy as np

from open_algorithms.learning.measuring import thresholds as selection
from open_algorithms.learning.measuring.intervals import (
    Figures,
    Interval,
    bound_area,
    bound_means,
    bound_shares,
)
from open_algorithms.learning.measuring.metrics import BinaryTally, Metric, MulticlassTally, RegressorTally, Tally
from open_algorithms.learning.measuring.thresholds import Cuts, safe_ratios
from open_algorithms.learning.showing.quality.probabilities import calibration_curve, score_histogram
from open_algorithms.learning.showing.quality.schema import (
    Baseline,
    BinaryQuality,
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
from open_algorithms.learning.types.arrays import Float64s, Int64s

Scores = Mapping[str, float]

ACCURACY = "multiclass_accuracy"

CURVE_POINTS = 250  # of a curve
NEIGHBOUR_SHARES = (0.01, 0.05, 0.2)  # shares of the rows, by which other thresholds flag more or less
RESIDUAL_BINS = 41
RELATIVE_TOLERANCE = 1e-9  # of their size, by which numbers differ that are shown as one
PLOTTED_ROWS = 1000  # of a regressor's labels and predictions
LISTED_CLASSES = 1000  # that are listed, those with the most rows
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
FEWEST_ROWS = 5  # that tell how sure the scores of a regressor are
SIZES = (0.5, 0.9)  # quantiles of absolute residuals


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


def usual_answer(tally: Tally) -> float:
    """Return the best answer that is the same for all rows: the most frequent class, or the mean label."""
    match tally:
        case BinaryTally():
            return float(2 * tally.positives > tally.rows)
        case MulticlassTally():
            return float(tally.positives.argmax())
        case _:
            return tally.labels.mean


def channel_quality(
    metrics: Iterable[Metric], tally: Tally, threshold: float, *, is_probability: bool, usual: float
) -> Quality:
    """Return scores, curves and counts of a model on a channel, by what was tallied.

    `threshold` is that of a binary classifier, whose calibration is told where its score `is_probability`. `usual` is
    the answer for all rows that the scores are compared with.
    """
    scores = {name: value for name, _, value in metrics}
    match tally:
        case BinaryTally():
            return binary_quality(scores, tally, threshold, is_probability=is_probability, usual=usual)
        case MulticlassTally():
            return multiclass_quality(scores, tally, usual)
        case _:
            return regression_quality(scores, tally, usual)


def binary_quality(
    scores: Scores, tally: BinaryTally, threshold: float, *, is_probability: bool, usual: float
) -> BinaryQuality:
    """Return confusion matrix, ROC and precision-recall curves, thresholds and calibration of a binary classifier."""
    cuts = tally.ranking.threshold_cuts()
    negatives = tally.rows - tally.positives
    false_positives = tally.predicted_positives - tally.true_positives
    wrong = cuts.predicted_positives - cuts.true_positives
    recall, precision = selection.recall_at_cuts(cuts), selection.precision_at_cuts(cuts)
    fallout: Float64s = safe_ratios(wrong, np.full(len(wrong), negatives))
    chosen = curve_points(np.add(fallout, recall))
    confusion = [
        [negatives - false_positives, false_positives],
        [tally.positives - tally.true_positives, tally.true_positives],
    ]
    constant = threshold_entry(tally, threshold, *((tally.rows, tally.positives) if usual else (0, 0)))
    return BinaryQuality(
        scores=scores,
        confusion=confusion,
        roc=RocCurve(fallout[chosen].tolist(), recall[chosen].tolist()),
        precision_recall=PrecisionRecallCurve(recall[chosen][1:].tolist(), precision[chosen][1:].tolist()),
        thresholds=threshold_entries(tally, cuts, threshold),
        calibration=calibration_curve(*tally.ranking.counts_by_score) if is_probability else None,
        histogram=score_histogram(*tally.ranking.counts_by_score) if is_probability else None,
        intervals=binary_intervals(tally, np.array(confusion)),
        baseline=Baseline(usual, {**constant.metrics, "roc_auc_score": 0.5}),
    )


def binary_intervals(tally: BinaryTally, confusion: Int64s) -> dict[str, list[float]]:
    """Return the intervals of the scores of a binary classifier; none where all rows have one label."""
    if not confusion.sum(axis=1).all():
        return {}
    found = bound_shares(confusion, lambda shares: share_metrics(shares, tally.beta))
    area = bound_area(tally.ranking.counts_by_score[1])
    return list_intervals(found if area is None else found | {"roc_auc_score": area})


def share_metrics(shares: Float64s, beta: float) -> Figures:
    """Return the metrics of a binary classifier from shares of rows (4, m) that are all above 0.

    They are those of negatives said to be negative and positive, and of positives said to be negative and positive.
    """
    true_negatives, false_positives, false_negatives, true_positives = shares
    recall = true_positives / (true_positives + false_negatives)
    specificity = true_negatives / (true_negatives + false_positives)
    precision, weight = true_positives / (true_positives + false_positives), beta**2
    return {
        "binary_classification_accuracy": true_positives + true_negatives,
        f"binary_f_{beta:.3f}": (1 + weight) * precision * recall / (weight * precision + recall),
        "precision": precision,
        "recall": recall,
        "binary_balanced_accuracy": (recall + specificity) / 2,
    }


def list_intervals(found: Mapping[str, Interval]) -> dict[str, list[float]]:
    """Return intervals as lists, as JSON has them."""
    return {name: list(interval) for name, interval in found.items()}


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


def multiclass_quality(scores: Scores, tally: MulticlassTally, usual: float) -> MulticlassQuality:
    """Return recall and precision of each class, of many the LISTED_CLASSES most frequent, and the confusion matrix."""
    recall = safe_ratios(tally.true_positives, tally.positives)
    precision = safe_ratios(tally.true_positives, tally.predicted_positives)
    most = np.sort(np.argsort(-tally.positives, kind="stable")[:LISTED_CLASSES])
    columns = (part[most].tolist() for part in (tally.positives, tally.predicted_positives, recall, precision))
    rows, right = int(tally.positives.sum()), int(tally.true_positives.sum())
    return MulticlassQuality(
        scores,
        [ClassQuality(*values) for values in zip(most.tolist(), *columns, strict=True)],
        tally.confusion.tolist() if tally.confusion.size else None,
        list_intervals(bound_shares(np.array([right, rows - right]), lambda shares: {ACCURACY: shares[0]})),
        Baseline(usual, {ACCURACY: int(tally.positives[int(usual)]) / rows}),
    )


def regression_quality(scores: Scores, tally: RegressorTally, usual: float) -> RegressionQuality:
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
    sizes = {str(level): float(np.quantile(np.abs(residual), level)) for level in SIZES}
    some = np.linspace(0, len(label) - 1, min(len(label), PLOTTED_ROWS)).astype(np.int64)
    return RegressionQuality(
        scores,
        len(label),
        Residuals(edges.tolist(), counts.tolist(), quantiles, sizes, float((residual < 0).mean())),
        Predictions(label[some].tolist(), score[some].tolist()),
        regression_intervals(scores, residual, label, tally.labels.rows),
        regression_baseline(tally, label, usual),
    )


def regression_intervals(scores: Scores, residual: Float64s, label: Float64s, rows: int) -> dict[str, list[float]]:
    """Return the intervals of the scores of so many `rows`, from the residuals and labels of a sample of them, (n,)."""
    if len(label) < FEWEST_ROWS:
        return {}
    away = label - label.mean()
    moments = np.stack([np.abs(residual), residual**2, away, away**2], axis=1)
    if not np.isfinite(moments.sum(axis=0)).all():
        return {}

    def figures(means: Float64s) -> Figures:
        distance, squares, mean, spread = means
        variance = spread - mean**2
        found = {"absolute_loss": distance, "mae": distance, "mse": squares, "rmse": np.sqrt(squares)}
        return found | ({"r2": 1 - squares / variance} if (variance > 0).all() else {})

    return list_intervals(bound_means(moments, figures, scores, rows))


def regression_baseline(tally: RegressorTally, label: Float64s, usual: float) -> Baseline:
    """Return what the same answer for all rows comes to; its mean absolute error is that of a sample's labels (n,)."""
    variance = tally.labels.value
    squares = variance + (tally.labels.mean - usual) ** 2
    distance = float(np.abs(label - usual).mean())
    scores = {"mae": distance, "absolute_loss": distance, "mse": squares, "rmse": squares**0.5}
    return Baseline(usual, scores | {"r2": 1 - squares / variance if variance else 0.0})
