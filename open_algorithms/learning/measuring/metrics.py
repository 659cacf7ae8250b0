"""The metrics of a finished model, accumulated block by block, with the original's names and order."""

from collections.abc import Iterator, Mapping

import numpy as np

from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.measuring.tallies import RowSample, RunningMean, RunningVariance, ScoreRanking
from open_algorithms.learning.measuring.thresholds import safe_ratios
from open_algorithms.learning.types.arrays import Floats, Numbers

Metric = tuple[str, str, float]

MAX_CONFUSION_CLASSES = 100  # up to so many, rows are counted by label and prediction


class BinaryTally:
    """Counts behind the metrics of a binary classifier; labels are 0 or 1."""

    def __init__(self, beta: float) -> None:
        self.beta = beta
        self.rows = self.positives = self.predicted_positives = self.true_positives = 0
        self.ranking = ScoreRanking()

    def add(self, y: Floats, answer: Mapping[str, Numbers]) -> None:
        """Add rows with labels (n,) and the model's `score` and `predicted_label`, (n,) each."""
        positive, flagged = y == 1, answer["predicted_label"] == 1
        self.rows += len(y)
        self.positives += int(positive.sum())
        self.predicted_positives += int(flagged.sum())
        self.true_positives += int((positive & flagged).sum())
        self.ranking.add(positive, answer["score"])

    def merge_hosts(self, hosts: Hosts) -> None:
        """Add the counts of the other hosts."""
        counts = hosts.all_reduce([self.rows, self.positives, self.predicted_positives, self.true_positives]).astype(
            int
        )
        self.rows, self.positives, self.predicted_positives, self.true_positives = counts.tolist()
        self.ranking.merge_hosts(hosts)

    def threshold_metrics(self) -> dict[str, float]:
        """Return the metrics that depend on the threshold only through the confusion matrix."""
        negatives = self.rows - self.positives
        correct_negatives = negatives - (self.predicted_positives - self.true_positives)
        recall, specificity = safe_ratio(self.true_positives, self.positives), safe_ratio(correct_negatives, negatives)
        present = [share for share, count in ((recall, self.positives), (specificity, negatives)) if count]
        weight = self.beta**2
        return {
            "binary_classification_accuracy": (self.true_positives + correct_negatives) / self.rows,
            f"binary_f_{self.beta:.3f}": safe_ratio(
                (1 + weight) * self.true_positives, weight * self.positives + self.predicted_positives
            ),
            "precision": safe_ratio(self.true_positives, self.predicted_positives),
            "recall": recall,
            "binary_balanced_accuracy": float(np.mean(present)),
        }

    def metrics(self) -> Iterator[Metric]:
        """Yield the metrics of all rows."""
        *decided, balanced = self.threshold_metrics().items()
        for name, value in (*decided, ("roc_auc_score", self.ranking.roc_area()), balanced):
            yield name, "score", value


class MulticlassTally:
    """Counts behind the metrics of a multiclass classifier, by class.

    `above[i]` is the number of rows in which i classes score higher than the true one. `confusion` (C, C) counts rows
    by label and predicted label; it is empty where there are too many classes. `ranking` has the score of each row's
    predicted label, and whether that is right.
    """

    def __init__(self, classes: int, beta: float, top_k: int) -> None:
        self.beta, self.top_k = beta, top_k
        self.positives, self.predicted_positives, self.true_positives, self.above = np.zeros((4, classes), np.int64)
        self.confusion = np.zeros((classes, classes) if classes <= MAX_CONFUSION_CLASSES else (0, 0), np.int64)
        self.ranking = ScoreRanking()

    def add(self, y: Floats, answer: Mapping[str, Numbers]) -> None:
        """Add rows with labels (n,) and the model's `score` (n, C) and `predicted_label` (n,)."""
        own, score, label = y.astype(np.int64), answer["score"], answer["predicted_label"]
        above = (score > score[np.arange(len(y)), own][:, None]).sum(axis=1)
        classes = len(self.true_positives)
        self.positives += np.bincount(own, minlength=classes)
        self.predicted_positives += np.bincount(label, minlength=classes)
        self.true_positives += np.bincount(own[label == own], minlength=classes)
        self.above += np.bincount(above, minlength=classes)
        self.ranking.add(label == own, score[np.arange(len(y)), label])
        if self.confusion.size:
            self.confusion += np.bincount(classes * own + label, minlength=classes**2).reshape(classes, classes)

    def merge_hosts(self, hosts: Hosts) -> None:
        """Add the counts of the other hosts."""
        counts = hosts.all_reduce(
            np.stack([self.positives, self.predicted_positives, self.true_positives, self.above])
        ).astype(np.int64)
        self.positives, self.predicted_positives, self.true_positives, self.above = counts
        if self.confusion.size:
            self.confusion = hosts.all_reduce(self.confusion).astype(np.int64)
        self.ranking.merge_hosts(hosts)

    def metrics(self) -> Iterator[Metric]:
        """Yield the metrics of all rows.

        Macro averages are over the classes that occur among labels or predictions.
        """
        rows, weight = int(self.positives.sum()), self.beta**2
        present = (self.positives + self.predicted_positives) > 0
        recalls, precisions = (
            safe_ratios(self.true_positives, self.positives),
            safe_ratios(self.true_positives, self.predicted_positives),
        )
        scores = safe_ratios((1 + weight) * self.true_positives, weight * self.positives + self.predicted_positives)
        gains = self.above / np.log2(2 + np.arange(len(self.above)))
        yield "multiclass_accuracy", "score", int(self.true_positives.sum()) / rows
        yield f"multiclass_top_k_accuracy_{self.top_k}", "score", int(self.above[: self.top_k].sum()) / rows
        yield "dcg", "score", float(gains.sum()) / rows
        yield "macro_recall", "score", float(recalls[present].mean())
        yield "macro_precision", "score", float(precisions[present].mean())
        yield f"macro_f_{self.beta:.3f}", "score", float(scores[present].mean())
        yield "multiclass_balanced_accuracy", "score", float(recalls[self.positives > 0].mean())


class RegressorTally:
    """Error statistics behind the metrics of a regressor."""

    def __init__(self) -> None:
        self.squared_errors, self.absolute_errors, self.labels = RunningMean(), RunningMean(), RunningVariance()
        self.sample = RowSample()

    def add(self, y: Floats, answer: Mapping[str, Numbers]) -> None:
        """Add rows with labels (n,) and the model's `score` (n,)."""
        y = y.astype(np.float64)
        error = answer["score"] - y
        self.squared_errors.add(error**2)
        self.absolute_errors.add(np.abs(error))
        self.labels.add(y)
        self.sample.add(np.stack([y, answer["score"]], axis=1))

    def merge_hosts(self, hosts: Hosts) -> None:
        """Add the statistics of the other hosts."""
        for part in (self.squared_errors, self.absolute_errors, self.labels, self.sample):
            part.merge_hosts(hosts)

    def metrics(self) -> Iterator[Metric]:
        """Yield the metrics of all rows."""
        squares, distance, variance = self.squared_errors.value, self.absolute_errors.value, self.labels.value
        yield "mse", "loss", squares
        yield "absolute_loss", "loss", distance
        yield "rmse", "loss", squares**0.5
        yield "r2", "loss", 1 - squares / variance if variance else 0.0
        yield "mae", "loss", distance


Tally = BinaryTally | MulticlassTally | RegressorTally


def safe_ratio(part: float, whole: float) -> float:
    """Divide; 0 where the denominator is 0."""
    return part / whole if whole else 0.0
