"""Jobs of K-Means in this process, without their folders, and rows to cluster."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from open_algorithms.k_means.options.hyperparameters import parse_hyperparameters
from open_algorithms.k_means.training.fit import cluster_rows
from open_algorithms.k_means.training.result import ClusteringResult
from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.types.arrays import Float32s
from open_algorithms.learning.work import Columns, Work
from tests.learning.job.recorder import Recorder


def draw_rows(rows: int, *, clusters: int = 6, features: int = 4, spread: float = 0.3, seed: int = 0) -> Float32s:
    """Draw rows around random centers."""
    generator = np.random.default_rng(seed)
    centers = generator.normal(0, 2, (clusters, features))
    drawn = centers[generator.integers(0, clusters, rows)] + generator.normal(0, spread, (rows, features))
    return np.asarray(drawn, np.float32)


def as_blocks(X: Float32s, *, sparse: bool = False, parts: int = 7) -> list[Block]:
    """Return rows as a channel yields them, without labels."""
    return [
        (as_csr(part) if sparse else part, np.zeros((len(part), 0), np.float32)) for part in np.array_split(X, parts)
    ]


def cluster(
    texts: dict[str, str], X: Float32s | Iterable[Block], log: Recorder | None = None, **more: Any
) -> ClusteringResult:
    """Run a job on rows (n, d), or on blocks of them; `more` are further fields of the work."""
    blocks = as_blocks(X) if isinstance(X, np.ndarray) else X
    channels = {"train": blocks, **more.pop("channels", {})}
    columns = more.pop("columns", Columns())
    work = Work(texts, channels, log or Recorder(), **more)
    return cluster_rows(work, parse_hyperparameters(texts), columns)


def sort_centers(centers: Float32s) -> Float32s:
    """Return centers (k, d) in an order of their own."""
    return np.asarray(centers[np.lexsort(centers.T)], np.float32)
