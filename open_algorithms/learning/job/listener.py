"""The listener that training reports its events to; the listener decides how they are shown.

Tests: tests/doors/test_log_lines.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class MetricSummary:
    """A metric that was observed several times."""

    sum: float
    count: int
    min: float
    max: float

    @classmethod
    def from_values(cls, values: Sequence[float]) -> "MetricSummary":
        """Summarise at least one value."""
        return cls(sum(values), len(values), min(values), max(values))


class TrainingListener(Protocol):
    """A listener to the events of a training."""

    def info(self, text: str) -> None:
        """Report an event to the user."""

    def warning(self, text: str) -> None:
        """Warn the user of a probable mistake."""

    def show_progress(self, epoch: int, epochs: int, rows: float, total: float, name: str, best: float) -> None:
        """Report the position within an epoch: `rows` of `total` rows; `total` is infinite where it is not known.

        `best` is the best value of the criterion `name` so far, NaN before the first. Called often, so it must be
        cheap.
        """

    def log_quality(
        self, metric: str, value: float, *, split: str, kind: str, epoch: int | None = None, batch: int | None = None
    ) -> None:
        """Report a metric of a channel, of kind `loss` or `score`: of a mini-batch, of an epoch, or a final one."""

    def log_score(self, split: str, metric: str, value: float) -> None:
        """Report a final score of a channel."""

    def log_criterion(self, epoch: int, name: str, value: float) -> None:
        """Report the best candidate's value of the early stopping criterion."""

    def log_progress(self, percent: float, stopped_early: bool = False) -> None:
        """Report the percentage of finished epochs."""

    def log_throughput(self, rows_per_second: float) -> None:
        """Report the training speed of an epoch."""

    def log_metrics(
        self,
        values: Mapping[str, float | MetricSummary],
        *,
        start: float,
        end: float,
        epoch: int | None = None,
        model: int | None = None,
        meta: str | None = None,
    ) -> None:
        """Report metrics observed between two times, in seconds since 1970."""
