"""A listener that keeps what a training tells it."""

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from open_algorithms.learning.job.listener import MetricSummary

Kind = TypeVar("Kind")


class Remark(NamedTuple):
    """A line for people."""

    text: str
    is_warning: bool


class Position(NamedTuple):
    """How far training was within an epoch."""

    epoch: int
    epochs: int
    rows: float
    total: float
    name: str
    best: float


class Quality(NamedTuple):
    """A metric of a channel; a final one has no epoch, that of an epoch no mini-batch."""

    metric: str
    value: float
    split: str
    kind: str
    epoch: int | None
    batch: int | None = None


class Score(NamedTuple):
    """A final score of a channel."""

    split: str
    metric: str
    value: float


class Criterion(NamedTuple):
    """What early stopping looks at, after an epoch."""

    epoch: int
    name: str
    value: float


class Progress(NamedTuple):
    """How much of the training is over."""

    percent: float
    stopped_early: bool


class Throughput(NamedTuple):
    """The speed of an epoch."""

    rows_per_second: float


class Metrics(NamedTuple):
    """Metrics of a time, perhaps of one candidate."""

    values: Mapping[str, float | MetricSummary]
    epoch: int | None
    model: int | None
    meta: str | None


class Recorder:
    """Keeps every event in its order."""

    def __init__(self) -> None:
        self.events: list[object] = []

    def info(self, text: str) -> None:
        self.events.append(Remark(text, False))

    def warning(self, text: str) -> None:
        self.events.append(Remark(text, True))

    def show_progress(self, epoch: int, epochs: int, rows: float, total: float, name: str, best: float) -> None:
        self.events.append(Position(epoch, epochs, rows, total, name, best))

    def log_quality(
        self, metric: str, value: float, *, split: str, kind: str, epoch: int | None = None, batch: int | None = None
    ) -> None:
        self.events.append(Quality(metric, float(value), split, kind, epoch, batch))

    def log_score(self, split: str, metric: str, value: float) -> None:
        self.events.append(Score(split, metric, float(value)))

    def log_criterion(self, epoch: int, name: str, value: float) -> None:
        self.events.append(Criterion(epoch, name, float(value)))

    def log_progress(self, percent: float, stopped_early: bool = False) -> None:
        self.events.append(Progress(percent, stopped_early))

    def log_throughput(self, rows_per_second: float) -> None:
        self.events.append(Throughput(rows_per_second))

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
        self.events.append(Metrics(values, epoch, model, meta))

    def select_events(self, kind: type[Kind]) -> list[Kind]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def said(self) -> list[str]:
        """All lines for people."""
        return [remark.text for remark in self.select_events(Remark)]

    @property
    def warnings(self) -> list[str]:
        """Those of them that are warnings."""
        return [remark.text for remark in self.select_events(Remark) if remark.is_warning]

    def has_said(self, text: str) -> bool:
        """Return whether a line for people holds the text."""
        return any(text in line for line in self.said)

    def final_value(self, split: str, metric: str) -> float:
        """Return a metric at the end of training."""
        return [q.value for q in self.select_events(Quality) if (q.split, q.metric, q.epoch) == (split, metric, None)][
            -1
        ]

    def epoch_values(self, split: str, metric: str) -> list[float]:
        """Return a metric after each epoch."""
        found = [q for q in self.select_events(Quality) if (q.split, q.metric) == (split, metric)]
        return [q.value for q in found if q.epoch is not None]

    def final_scores(self, split: str) -> dict[str, float]:
        """Return the final scores of a channel by their metrics."""
        return {score.metric: score.value for score in self.select_events(Score) if score.split == split}

    def reported_models(self, epoch: int) -> set[int]:
        """Return the candidates of which there are metrics in an epoch."""
        return {m.model for m in self.select_events(Metrics) if m.epoch == epoch and m.model is not None}
