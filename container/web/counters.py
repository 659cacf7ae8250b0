"""Counters of the server in memory shared by all workers, so that totals are right and survive a worker's death.

Tests: tests/container/test_server.py, tests/container/wire/test_worker.py.
"""

import mmap
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock

import numpy as np
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from container.web.column_counts import ColumnCounts

ROUTES = ("/", "/ping", "/invocations", "/execution-parameters", "/metrics", "/models", "other")
STATUSES = ("200", "400", "404", "405", "406", "408", "409", "413", "415", "431", "500", "503", "507", "other")
BUCKET_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_REQUEST_COLUMNS = len(ROUTES) * len(STATUSES)
_BUCKETS_PER_ROUTE = len(BUCKET_BOUNDS) + 1
_TIMES_OFFSET = _REQUEST_COLUMNS
_SUMS_OFFSET = _TIMES_OFFSET + len(ROUTES) * _BUCKETS_PER_ROUTE
_TOTALS_OFFSET = _SUMS_OFFSET + len(ROUTES)
_RECORDS, _RECEIVED, _SENT, _CONNECTIONS = range(_TOTALS_OFFSET, _TOTALS_OFFSET + 4)
_ROW_COLUMNS = _TOTALS_OFFSET + 4


class Meter(Collector):
    """Counters of requests, one row of shared memory per worker; create it before the workers are forked."""

    def __init__(self, workers: int) -> None:
        memory = mmap.mmap(-1, workers * _ROW_COLUMNS * 8)
        self._rows = np.frombuffer(memory, np.float64).reshape(workers, _ROW_COLUMNS)
        self._number = 0
        self._row = self._rows[0]
        self._columns: ColumnCounts | None = None
        self._lock = Lock()
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def claim_row(self, number: int) -> None:
        """Use this row from now on; the counts that an earlier worker left there go on."""
        self._number = number % len(self._rows)
        self._row = self._rows[self._number]
        self.set_connections(0)

    def allot_columns(self, names: Sequence[str]) -> None:
        """Count by these columns of a table, too; call it before the workers are forked."""
        self._columns = ColumnCounts(names, len(self._rows))

    def set_connections(self, number: int) -> None:
        """Set the number of connections that this worker holds."""
        self._row[_CONNECTIONS] = number

    def count_request(self, path: str, status: int, seconds: float, received: int, sent: int, records: int) -> None:
        """Count one request: route, status, seconds, bytes of its body and of its answer, and records."""
        route = self._route_index(path)
        text = str(status)
        column = STATUSES.index(text) if text in STATUSES else len(STATUSES) - 1
        with self._lock:
            row = self._row
            row[route * len(STATUSES) + column] += 1
            row[_TIMES_OFFSET + route * _BUCKETS_PER_ROUTE + bisect_left(BUCKET_BOUNDS, seconds)] += 1
            row[_SUMS_OFFSET + route] += seconds
            row[_RECEIVED] += received
            row[_SENT] += sent
            row[_RECORDS] += records

    def count_values(self, missing: Mapping[str, int], unknown: Mapping[str, int]) -> None:
        """Count missing values and unknown levels of a table by column."""
        if self._columns is not None:
            with self._lock:
                self._columns.count_values(self._number, missing, unknown)

    def count_extra_columns(self) -> None:
        """Count a request with columns that the model does not know."""
        if self._columns is not None:
            with self._lock:
                self._columns.count_extra_columns(self._number)

    def format_counts(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics, summed over the workers; Prometheus calls it."""
        counts = self._rows.sum(axis=0)
        requests = CounterMetricFamily("serve_requests", "Requests answered.", labels=("route", "status"))
        times = HistogramMetricFamily("serve_request_seconds", "Time from whole request to answer.", labels=("route",))
        for i, route in enumerate(ROUTES):
            for j, status in enumerate(STATUSES):
                if number := counts[i * len(STATUSES) + j]:
                    requests.add_metric((route, status), number)
            buckets = np.cumsum(
                counts[_TIMES_OFFSET + i * _BUCKETS_PER_ROUTE : _TIMES_OFFSET + (i + 1) * _BUCKETS_PER_ROUTE]
            )
            if buckets[-1]:
                edges = [str(edge) for edge in (*BUCKET_BOUNDS, "+Inf")]
                times.add_metric((route,), list(zip(edges, buckets.tolist(), strict=True)), counts[_SUMS_OFFSET + i])
        yield requests
        yield times
        yield CounterMetricFamily("serve_records", "Records scored.", counts[_RECORDS])
        yield CounterMetricFamily("serve_received_bytes", "Bytes of requests' bodies.", counts[_RECEIVED])
        yield CounterMetricFamily("serve_sent_bytes", "Bytes of answers' bodies.", counts[_SENT])
        yield GaugeMetricFamily("serve_connections", "Connections that are open.", counts[_CONNECTIONS])
        if self._columns is not None:
            yield from self._columns.collect()

    def _route_index(self, path: str) -> int:
        if path in ROUTES:
            return ROUTES.index(path)
        if path.startswith("/models/"):
            return ROUTES.index("/invocations" if path.endswith("/invoke") else "/models")
        return len(ROUTES) - 1
