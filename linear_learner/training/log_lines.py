"""The metrics that training logs, under the names of Amazon's algorithm.

Tests: tests/doors/test_log_lines.py.
"""

import time
from typing import NamedTuple

from linear_learner.measuring.standings import least_finite
from open_algorithms.learning.job.listener import MetricSummary, TrainingListener
from open_algorithms.learning.measuring.metrics import Metric
from open_algorithms.learning.types.arrays import Floats, Int64s


def log_rows_read(rows: int, began: float, log: TrainingListener) -> None:
    """Log how many rows were read."""
    counts = iterator_counts(1, rows, 1)
    log.log_metrics(counts, start=began, end=time.time(), meta="init_train_data_iter")


def iterator_counts(epochs: int, rows: int, batches: int) -> dict[str, float | MetricSummary]:
    """Return the counts of epochs, rows and mini-batches that have been read, under the original's names."""
    return {
        "Total Records Seen": rows * epochs,
        "Total Batches Seen": batches * epochs,
        "Max Records Seen Between Resets": rows,
        "Max Batches Seen Between Resets": batches,
        "Reset Count": epochs,
        "Number of Records Since Last Reset": rows,
        "Number of Batches Since Last Reset": batches,
    }


class Period(NamedTuple):
    """A part of an epoch: when it started and ended, in seconds since 1970."""

    epoch: int
    start: float
    end: float


def log_losses(
    split: str, objective: str, active: Int64s, losses: Floats, period: Period, log: TrainingListener
) -> None:
    """Log the loss of every active candidate after an epoch, and the lowest of them."""
    epoch, start, end = period
    for m, loss in zip(active.tolist(), losses, strict=True):
        log.log_metrics({f"{split}_{objective}": float(loss)}, start=start, end=end, epoch=epoch, model=m)
    log.log_quality(objective, least_finite(losses), split=split, kind="loss", epoch=epoch)


def log_scores(split: str, scores: list[Metric], log: TrainingListener) -> None:
    """Log the final scores of a channel."""
    for metric, _, value in scores:
        log.log_score(split, metric, value)
    for metric, kind, value in scores:
        log.log_quality(metric, value, split=split, kind=kind)


def log_times(seconds: dict[str, list[float]], epochs: int, began: float, ended: float, log: TrainingListener) -> None:
    """Log how long each part of the job took: in milliseconds as metrics, in seconds as text."""
    spent: dict[str, float | MetricSummary] = {"epochs": epochs}
    spent |= {
        name: MetricSummary.from_values([1000 * value for value in values])
        for name, values in seconds.items()
        if values
    }
    log.log_metrics(spent, start=began, end=ended)
    log.info("Time spent: " + ", ".join(f"{name} {sum(values):.2f} s" for name, values in seconds.items()))
