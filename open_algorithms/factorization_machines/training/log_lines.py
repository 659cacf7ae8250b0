"""The metrics that training logs, under the names of Amazon's algorithm.

Tests: tests/doors/test_quality_lines.py.
"""

from collections.abc import Iterator

from open_algorithms.factorization_machines.machines.machines import (
    DISTANCES,
    FALSE_NEGATIVES,
    FALSE_POSITIVES,
    LOSS,
    SQUARES,
    TRUE_NEGATIVES,
    TRUE_POSITIVES,
)
from open_algorithms.factorization_machines.options.hyperparameters import Hyperparameters
from open_algorithms.learning.job.listener import TrainingListener
from open_algorithms.learning.measuring.metrics import Metric
from open_algorithms.learning.types.arrays import Float64s


def tally_metrics(tally: Float64s, rows: float, hp: Hyperparameters) -> Iterator[Metric]:
    """Yield the metrics of a machine before its updates on so many rows, from its tally (7,)."""
    if not hp.is_classifier:
        yield "rmse", "loss", float(tally[SQUARES] / rows) ** 0.5
        yield "mse", "loss", float(tally[SQUARES] / rows)
        yield "absolute_loss", "loss", float(tally[DISTANCES] / rows)
        return
    beta, hits = hp.selection.f_beta**2, float(tally[TRUE_POSITIVES])
    missed = beta * float(tally[FALSE_NEGATIVES]) + float(tally[FALSE_POSITIVES])
    whole = (1 + beta) * hits + missed
    yield "binary_classification_accuracy", "score", float((hits + tally[TRUE_NEGATIVES]) / rows)
    yield "binary_classification_cross_entropy", "loss", float(tally[LOSS] / rows)
    yield f"binary_f_{hp.selection.f_beta:.3f}", "score", (1 + beta) * hits / whole if whole else 0.0


def mean_loss(tally: Float64s, rows: float, hp: Hyperparameters) -> float:
    """Return the mean loss of a machine before its updates, in the label's units: cross entropy, or rmse."""
    mean = float(tally[LOSS] / rows)
    return mean if hp.is_classifier else mean**0.5


def log_metrics(
    log: TrainingListener, metrics: Iterator[Metric], split: str, epoch: int | None, batch: int | None = None
) -> None:
    """Log metrics of an epoch, of a mini-batch in it, or final ones."""
    for name, kind, value in metrics:
        log.log_quality(name, value, split=split, kind=kind, epoch=epoch, batch=batch)


def log_scores(split: str, scores: list[Metric], log: TrainingListener) -> None:
    """Log the final scores of a channel."""
    for metric, _, value in scores:
        log.log_score(split, metric, value)
    log_metrics(log, iter(scores), split, None)
