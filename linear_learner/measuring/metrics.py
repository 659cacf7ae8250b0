"""The metrics of a finished model, accumulated block by block, with the original's names and order."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.measuring.tallies import Mean, Ranking, Sample, Variance
from linear_learner.measuring.thresholds import shares
from open_algorithms.learning.job.hosts import Hosts

Floats = NDArray[Any]
Metric = tuple[str, str, float]

PAIRED_CLASSES = 100  # up to so many, rows are counted by label and prediction


class Binary:
    """Counts behind the metrics of a binary classifier; labels are 0 or 1."""

    def __init__(self, beta: float) -> None:
        self.beta = beta
        self.rows = self.positives = self.flagged = self.hits = 0
        self.ranking = Ranking()

    def add(self, y: Floats, answer: Mapping[str, Floats]) -> None:
        """Add rows with labels (n,) and the model's `score` and `predicted_label`, (n,) each."""
        positive, flagged = y == 1, answer["predicted_label"] == 1
        self.rows += len(y)
        self.positives += int(positive.sum())
        self.flagged += int(flagged.sum())
        self.hits += int((positive & flagged).sum())
        self.ranking.add(positive, answer["score"])

    def join(self, hosts: Hosts) -> None:
        """Add the counts of the other hosts."""
        counts = hosts.total([self.rows, self.positives, self.flagged, self.hits]).astype(int)
        self.rows, self.positives, self.flagged, self.hits = counts.tolist()
        self.ranking.join(hosts)

    def decided(self) -> dict[str, float]:
        """Return the metrics that depend on the threshold only through the confusion matrix."""
        negatives = self.rows - self.positives
        correct_negatives = negatives - (self.flagged - self.hits)
        recall, specificity = ratio(self.hits, self.positives), ratio(correct_negatives, negatives)
        present = [share for share, count in ((recall, self.positives), (specificity, negatives)) if count]
        weight = self.beta**2
        return {
            "binary_classification_accuracy": (self.hits + correct_negatives) / self.rows,
            f"binary_f_{self.beta:.3f}": ratio((1 + weight) * self.hits, weight * self.positives + self.flagged),
            "precision": ratio(self.hits, self.flagged),
            "recall": recall,
            "binary_balanced_accuracy": float(np.mean(present)),
        }

    def metrics(self) -> Iterator[Metric]:
        """Yield the metrics of all rows."""
        *decided, balanced = self.decided().items()
        for name, value in (*decided, ("roc_auc_score", self.ranking.area()), balanced):
            yield name, "score", value


class Multiclass:
    """Counts behind the metrics of a multiclass classifier, by class.

    `above[i]` is the number of rows in which i classes score higher than the true one. `confusion` (C, C) counts rows
    by label and predicted label; it is empty where there are too many classes.
    """

    def __init__(self, classes: int, beta: float, k: int) -> None:
        self.beta, self.k = beta, k
        self.positives, self.flagged, self.hits, self.above = np.zeros((4, classes), np.int64)
        self.pairs = np.zeros((classes, classes) if classes <= PAIRED_CLASSES else (0, 0), np.int64)

    def add(self, y: Floats, answer: Mapping[str, Floats]) -> None:
        """Add rows with labels (n,) and the model's `score` (n, C) and `predicted_label` (n,)."""
        own, score, label = y.astype(np.int64), answer["score"], answer["predicted_label"]
        above = (score > score[np.arange(len(y)), own][:, None]).sum(axis=1)
        classes = len(self.hits)
        self.positives += np.bincount(own, minlength=classes)
        self.flagged += np.bincount(label, minlength=classes)
        self.hits += np.bincount(own[label == own], minlength=classes)
        self.above += np.bincount(above, minlength=classes)
        if self.pairs.size:
            self.pairs += np.bincount(classes * own + label, minlength=classes**2).reshape(classes, classes)

    def join(self, hosts: Hosts) -> None:
        """Add the counts of the other hosts."""
        counts = hosts.total(np.stack([self.positives, self.flagged, self.hits, self.above])).astype(np.int64)
        self.positives, self.flagged, self.hits, self.above = counts
        if self.pairs.size:
            self.pairs = hosts.total(self.pairs).astype(np.int64)

    def metrics(self) -> Iterator[Metric]:
        """Yield the metrics of all rows.

        Macro averages are over the classes that occur among labels or predictions.
        """
        rows, weight = int(self.positives.sum()), self.beta**2
        present = (self.positives + self.flagged) > 0
        recalls, precisions = shares(self.hits, self.positives), shares(self.hits, self.flagged)
        scores = shares((1 + weight) * self.hits, weight * self.positives + self.flagged)
        gains = self.above / np.log2(2 + np.arange(len(self.above)))
        yield "multiclass_accuracy", "score", int(self.hits.sum()) / rows
        yield f"multiclass_top_k_accuracy_{self.k}", "score", int(self.above[: self.k].sum()) / rows
        yield "dcg", "score", float(gains.sum()) / rows
        yield "macro_recall", "score", float(recalls[present].mean())
        yield "macro_precision", "score", float(precisions[present].mean())
        yield f"macro_f_{self.beta:.3f}", "score", float(scores[present].mean())
        yield "multiclass_balanced_accuracy", "score", float(recalls[self.positives > 0].mean())


class Regressor:
    """Error statistics behind the metrics of a regressor."""

    def __init__(self) -> None:
        self.squares, self.distances, self.labels = Mean(), Mean(), Variance()
        self.sample = Sample()

    def add(self, y: Floats, answer: Mapping[str, Floats]) -> None:
        """Add rows with labels (n,) and the model's `score` (n,)."""
        y = y.astype(np.float64)
        error = answer["score"] - y
        self.squares.add(error**2)
        self.distances.add(np.abs(error))
        self.labels.add(y)
        self.sample.add(np.stack([y, answer["score"]], axis=1))

    def join(self, hosts: Hosts) -> None:
        """Add the statistics of the other hosts."""
        for part in (self.squares, self.distances, self.labels, self.sample):
            part.join(hosts)

    def metrics(self) -> Iterator[Metric]:
        """Yield the metrics of all rows."""
        squares, distance, variance = self.squares.value, self.distances.value, self.labels.value
        yield "mse", "loss", squares
        yield "absolute_loss", "loss", distance
        yield "rmse", "loss", squares**0.5
        yield "r2", "loss", 1 - squares / variance if variance else 0.0
        yield "mae", "loss", distance


Tally = Binary | Multiclass | Regressor


def ratio(part: float, whole: float) -> float:
    """Divide; 0 where the denominator is 0."""
    return part / whole if whole else 0.0
