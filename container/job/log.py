"""The lines of a training log, in the format that SageMaker's metric definitions for its own algorithms parse."""

import json
import math
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol, TextIO, runtime_checkable


@runtime_checkable
class Aggregate(Protocol):
    """A metric aggregated over several observations: sum, count, min and max."""

    @property
    def sum(self) -> float:
        """The total of all observations."""

    @property
    def count(self) -> int:
        """How many there were."""

    @property
    def min(self) -> float:
        """The least."""

    @property
    def max(self) -> float:
        """The greatest."""


class JobLog:
    """Writes one line per event to `stream` and flushes it.

    Without `emits_metrics` only lines for people are written: the metrics of a job are logged by one host. `on_warning`
    is called with each warning. If the stream cannot be written, that is reported once on stderr and the log goes on
    silently.
    """

    def __init__(
        self,
        host: str,
        algorithm: str,
        stream: TextIO,
        emits_metrics: bool = True,
        on_warning: Callable[[str], object] = lambda text: None,
    ) -> None:
        self._host = host
        self._algorithm = algorithm
        self._stream = stream
        self._figures = emits_metrics
        self._repeat = on_warning

    def info(self, text: str) -> None:
        """Write a line of level INFO."""
        self._write_event("INFO", text)

    def warning(self, text: str) -> None:
        """Write a line of level WARNING."""
        self._write_event("WARNING", text)
        self._repeat(text)

    def error(self, text: str) -> None:
        """Write a line of level ERROR."""
        self._write_event("ERROR", text)

    def show_progress(self, epoch: int, epochs: int, rows: float, total: float, name: str, best: float) -> None:
        """Do nothing: a plain log reports finished epochs only."""

    def close(self) -> None:
        """Do nothing: every line is written at once."""

    def log_quality(
        self, metric: str, value: float, *, split: str, kind: str, epoch: int | None = None, batch: int | None = None
    ) -> None:
        """Log a metric of a split; `kind` is "loss" or "score", no epoch means the final value."""
        when = "" if epoch is None else f" epoch={epoch},"
        when += "" if batch is None else f" batch={batch}"
        self._log_metric_line(f"#quality_metric: host={self._host},{when} {split} {metric} <{kind}>={float(value)}")

    def log_score(self, split: str, metric: str, value: float) -> None:
        """Write a final score of a split."""
        self._log_metric_line(f"#{split}_score ({self._host}) : {(metric, float(value))}")

    def log_criterion(self, epoch: int, name: str, value: float) -> None:
        """Log the value that early stopping monitors."""
        self._log_metric_line(
            f"#early_stopping_criteria_metric: host={self._host}, epoch={epoch}, criteria={name}, value={float(value)}"
        )

    def log_progress(self, percent: float, stopped_early: bool = False) -> None:
        """Log the percentage of epochs that are done."""
        done = "100 % epochs" if stopped_early else f"{float(percent)} % of epochs"
        self._log_metric_line(f"#progress_metric: host={self._host}, completed {done}")

    def log_throughput(self, rows_per_second: float) -> None:
        """Log the training speed in rows per second."""
        self._log_metric_line(
            f"#throughput_metric: host={self._host}, train throughput={float(rows_per_second)} records/second"
        )

    def log_metrics(
        self,
        values: Mapping[str, float | Aggregate],
        *,
        start: float,
        end: float,
        epoch: int | None = None,
        model: int | None = None,
        meta: str | None = None,
    ) -> None:
        """Log metrics of the interval from `start` to `end`, in seconds since 1970, as one line of JSON.

        Values that are not finite become null.
        """
        place = {"epoch": epoch, "model": model, "Meta": meta}
        line = {
            "StartTime": start,
            "EndTime": end,
            "Dimensions": {"Algorithm": self._algorithm, "Host": self._host, "Operation": "training"}
            | {name: value for name, value in place.items() if value is not None},
            "Metrics": {name: _aggregate_fields(value) for name, value in values.items()},
        }
        if self._figures:
            self._write_line(f"#metrics {json.dumps(line, allow_nan=False)}")

    def _log_metric_line(self, text: str) -> None:
        if self._figures:
            self.info(text)

    def _write_event(self, level: str, text: str) -> None:
        self._write_line(f"[{datetime.now():%m/%d/%Y %H:%M:%S} {level} {threading.get_ident()}] {text}")

    def _write_line(self, text: str) -> None:
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except OSError as error:
            redirect_to_null(self._stream)
            _warn_on_stderr(error.strerror)


def replace_closed_stdout() -> None:
    """Redirect a closed stdout to the null device and say so on stderr."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        _warn_on_stderr("stdout is closed")


def _warn_on_stderr(reason: str | None) -> None:
    with suppress(OSError, AttributeError):  # stderr cannot be written either, or is closed
        sys.stderr.write(f"train: the log cannot be written: {reason}. The job goes on without it.\n")
        sys.stderr.flush()


def redirect_to_null(stream: TextIO) -> None:
    """Redirect the stream's file descriptor to the null device, discarding what is buffered and all later writes."""
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


def _aggregate_fields(value: float | Aggregate) -> dict[str, Any]:
    if isinstance(value, Aggregate):
        summary = {"sum": float(value.sum), "count": int(value.count), "min": value.min, "max": value.max}
    else:
        summary = {"sum": float(value), "count": 1, "min": value, "max": value}
    return {name: _finite_or_none(number) for name, number in summary.items()}


def _finite_or_none(value: float) -> float | None:
    if isinstance(value, int):
        return value
    return float(value) if math.isfinite(value) else None
