"""What training tells about itself while it runs; whoever listens decides how it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Summary:
    """A figure that was taken several times."""

    sum: float
    count: int
    min: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Summary":
        """Sum up at least one value."""
        return cls(sum(values), len(values), min(values), max(values))


class Log(Protocol):
    """The lines of a training log, by their meaning."""

    def info(self, text: str) -> None:
        """Say what happens."""

    def warning(self, text: str) -> None:
        """Say what the user may not have meant."""

    def advance(self, epoch: int, epochs: int, rows: float, total: float, name: str, best: float) -> None:
        """Say how many rows of an epoch are done, of `total` or of infinitely many where that is not known.

        `best` is the value so far, NaN before there is one, of the criterion `name`. It is said often and costs little.
        """

    def quality(self, metric: str, value: float, *, split: str, kind: str, epoch: int | None = None) -> None:
        """Give a metric of a channel, a `loss` or a `score`, after an epoch or at the end."""

    def score(self, split: str, metric: str, value: float) -> None:
        """Give a final score of a channel."""

    def criterion(self, epoch: int, name: str, value: float) -> None:
        """Give the best candidate's value of what early stopping looks at."""

    def progress(self, percent: float, stopped_early: bool = False) -> None:
        """Say how many percent of the epochs are done."""

    def throughput(self, rows_per_second: float) -> None:
        """Give the speed of an epoch."""

    def metrics(
        self,
        values: Mapping[str, float | Summary],
        *,
        start: float,
        end: float,
        epoch: int | None = None,
        model: int | None = None,
        meta: str | None = None,
    ) -> None:
        """Give figures measured between two moments, in seconds since 1970."""
