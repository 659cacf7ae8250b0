"""Jobs whose reports the tests look at."""

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from open_algorithms.k_means.report.build import build_report
from open_algorithms.k_means.report.schema import Report
from open_algorithms.k_means.training.result import ClusteringResult
from open_algorithms.learning.rows.csr import expand_rows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float32s, Float64s
from open_algorithms.learning.work import Columns, Work
from tests.k_means.jobs import as_blocks, cluster, draw_rows
from tests.k_means.tables import COLUMNS, RECIPE, encode_table
from tests.learning.job.recorder import Recorder
from tests.learning.job.stops import Stop

SECONDS = {"read": 0.25, "train": 1.5, "save": 0.125}
BOTH = '["msd", "ssd"]'
ROWS: dict[str, Float32s] = {
    "one cluster": draw_rows(200),
    "one feature": draw_rows(300, clusters=3, features=1, spread=0.05),
    "a cluster each": draw_rows(30),
    "all alike": np.ones((40, 3), np.float32),
    "huge": np.array([[1e15, 1], [-1e15, 2], [0, 3]], np.float32),
    "outlier": np.concatenate([draw_rows(300), np.full((1, 4), 500, np.float32)]),
    "table": encode_table({name: values * 50 for name, values in COLUMNS.items()}),
    "many clusters": draw_rows(1500, clusters=30, features=6),
}
JOBS: dict[str, dict[str, str]] = {
    "several": {"k_range": "1-8", "eval_metrics": BOTH},
    "asked": {"k": "3", "k_range": "2-6", "normalize_data": "true"},
    "sparse": {"k_range": "2,4"},
    "stopped": {"k_range": "2-4"},
    "one cluster": {"k": "1"},
    "one feature": {"k_range": "2-4"},
    "a cluster each": {"k": "30"},
    "all alike": {"k": "2"},
    "huge": {"k": "2"},
    "outlier": {"k": "4"},
    "table": {"k_range": "2-4"},
    "many clusters": {"k": "150"},
}


class Job(NamedTuple):
    """A finished job: the rows that it was given, what came of them, its report, its work and its log."""

    X: Float32s
    result: ClusteringResult
    report: Report
    work: Work
    log: Recorder


def expand_sample(result: ClusteringResult) -> Float64s:
    """Return the rows of a sample as they are held, (m, d)."""
    sample = result.sample
    rows = expand_rows(sample.X) if isinstance(sample, SparseRows) else sample.X[:-1, :-1]
    return np.asarray(rows, np.float64)


@cache
def run(name: str) -> Job:
    """Run a job."""
    texts, log, X = JOBS[name], Recorder(), ROWS.get(name, draw_rows(2500, spread=0.6))
    more: dict[str, Any] = {"channels": {"test": as_blocks(draw_rows(400, spread=0.6))}} if name == "several" else {}
    if name == "table":
        more["columns"] = Columns(RECIPE.feature_names, recipe=RECIPE)
    if name == "sparse":
        X = np.where(abs(X) > 1, X, 0).astype(np.float32)
    if name == "stopped":
        more["raise_if_stopped"] = Stop(2)
    blocks = as_blocks(X, sparse=name == "sparse")
    result = cluster(texts, blocks, log, **more)
    work = Work(texts, {"train": blocks}, log, seconds_by_part=SECONDS)
    return Job(X, result, build_report(result, work), work, log)
