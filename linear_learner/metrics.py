"""The metrics of a finished model, pure functions of labels and scores, in the original's names and order."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.selection import Cuts, cut, shares

Floats = NDArray[Any]
Metric = tuple[str, str, float]


def binary(y: Floats, score: Floats, label: Floats, beta: float) -> Iterator[Metric]:
    """Yield the metrics of a binary classifier from labels 0 or 1, scores and predicted labels, each (n,)."""
    hits = int(((label == 1) & (y == 1)).sum())
    flagged, positives, rows = int((label == 1).sum()), int((y == 1).sum()), len(y)
    correct_negatives = rows - positives - (flagged - hits)
    recall, specificity = ratio(hits, positives), ratio(correct_negatives, rows - positives)
    present = [share for share, count in ((recall, positives), (specificity, rows - positives)) if count]
    yield "binary_classification_accuracy", "score", (hits + correct_negatives) / rows
    yield f"binary_f_{beta:.3f}", "score", ratio((1 + beta**2) * hits, beta**2 * positives + flagged)
    yield "precision", "score", ratio(hits, flagged)
    yield "recall", "score", recall
    yield "roc_auc_score", "score", area_under_roc(cut(score, y))
    yield "binary_balanced_accuracy", "score", float(np.mean(present))


def multiclass(y: Floats, score: Floats, label: Floats, beta: float, k: int) -> Iterator[Metric]:
    """Yield the metrics of a multiclass classifier from labels (n,), scores (n, K) and predicted labels (n,).

    The macro means run over the classes that occur among the labels or the predictions.
    """
    classes = score.shape[1]
    y = y.astype(np.int64)
    own = score[np.arange(len(y)), y]
    rank = 1 + (score > own[:, None]).sum(axis=1)
    positives, flagged = np.bincount(y, minlength=classes), np.bincount(label, minlength=classes)
    hits = np.bincount(y[label == y], minlength=classes)
    present = (positives + flagged) > 0
    recalls, precisions = shares(hits, positives), shares(hits, flagged)
    scores = shares((1 + beta**2) * hits, beta**2 * positives + flagged)
    yield "multiclass_accuracy", "score", float((label == y).mean())
    yield f"multiclass_top_k_accuracy_{k}", "score", float((rank <= k).mean())
    yield "dcg", "score", float((1 / np.log2(1 + rank)).mean())
    yield "macro_recall", "score", float(recalls[present].mean())
    yield "macro_precision", "score", float(precisions[present].mean())
    yield f"macro_f_{beta:.3f}", "score", float(scores[present].mean())
    yield "multiclass_balanced_accuracy", "score", float(recalls[positives > 0].mean())


def regressor(y: Floats, score: Floats) -> Iterator[Metric]:
    """Yield the metrics of a regressor from labels and scores, each (n,)."""
    y = y.astype(np.float64)
    error = score - y
    squares, spread = float((error**2).mean()), float(((y - y.mean()) ** 2).mean())
    yield "mse", "loss", squares
    yield "absolute_loss", "loss", float(np.abs(error).mean())
    yield "rmse", "loss", squares**0.5
    yield "r2", "loss", 1 - squares / spread if spread else 0.0
    yield "mae", "loss", float(np.abs(error).mean())


def area_under_roc(cuts: Cuts) -> float:
    """Return the chance that a positive row scores above a negative one, ties counting half; 0.5 with one class."""
    misses = cuts.flagged - cuts.hits
    whole = cuts.positives * (cuts.rows - cuts.positives)
    return float(np.trapz(cuts.hits, misses)) / whole if whole else 0.5


def ratio(part: float, whole: float) -> float:
    """Divide; 0 where there is nothing to divide by."""
    return part / whole if whole else 0.0
