"""Counters by column of a table, in memory shared by all workers."""

import mmap
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric

MOST_COLUMNS = 300  # that have counters of their own
OTHER = "other"  # what the others are counted as


class ColumnCounts:
    """Missing values and unknown levels by column, and requests with extra columns, a row for each worker."""

    def __init__(self, names: Sequence[str], workers: int) -> None:
        self._labels = list(dict.fromkeys([*names[:MOST_COLUMNS], OTHER]))
        self._places = {label: place for place, label in enumerate(self._labels)}
        width = 2 * len(self._labels) + 1
        memory = mmap.mmap(-1, workers * width * 8)
        rows = np.frombuffer(memory, np.float64).reshape(workers, width)
        self._missing, self._unknown = rows[:, : len(self._labels)], rows[:, len(self._labels) : -1]
        self._extra = rows[:, -1]

    def count_values(self, worker: int, missing: Mapping[str, int], unknown: Mapping[str, int]) -> None:
        """Count missing values and unknown levels by column."""
        for counts, found in ((self._missing[worker], missing), (self._unknown[worker], unknown)):
            for name, number in found.items():
                counts[self._places.get(name, self._places[OTHER])] += number

    def count_extra_columns(self, worker: int) -> None:
        """Count a request with columns that the model does not know."""
        self._extra[worker] += 1

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics, summed over the workers; columns without any are left out."""
        for name, text, counts in (
            ("serve_missing_values", "Missing values in rows of a table.", self._missing),
            ("serve_unknown_levels", "Values in rows of a table that are no level of their category.", self._unknown),
        ):
            metric = CounterMetricFamily(name, text, labels=("column",))
            for label, number in zip(self._labels, counts.sum(axis=0).tolist(), strict=True):
                if number:
                    metric.add_metric((label,), number)
            yield metric
        text = "Requests with columns that the model does not know."
        yield CounterMetricFamily("serve_requests_with_extra_columns", text, self._extra.sum())
