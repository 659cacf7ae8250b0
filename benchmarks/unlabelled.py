"""Rows without labels, in memory, and the time that the parts of a job on them take."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import data
from open_algorithms.learning.rows.csr import Csr, Features

DENSE_ROWS, DENSE_FEATURES, GROUPS = 1_000_000, 30, 20
SPARSE_ROWS, SPARSE_FEATURES, MEAN_VALUES = 200_000, 10_000, 60


def load_digits() -> Any:
    """Return the digits of MNIST, (50,000, 784)."""
    return data.load_mnist()["train"][0]


def draw_dense() -> Any:
    """Draw rows around twenty centers that overlap."""
    generator = np.random.default_rng(0)
    centers = generator.normal(size=(GROUPS, DENSE_FEATURES))
    noise = generator.standard_normal((DENSE_ROWS, DENSE_FEATURES), np.float32)
    return centers[generator.integers(0, GROUPS, DENSE_ROWS)].astype(np.float32) + np.float32(1.2) * noise


def draw_sparse() -> Any:
    """Draw rows like texts of some subjects: each has frequent terms of its own, and all share Zipf's law."""
    from scipy import sparse

    generator = np.random.default_rng(0)
    lengths = generator.poisson(MEAN_VALUES, SPARSE_ROWS) + 1
    subjects = generator.integers(0, GROUPS, SPARSE_ROWS)
    shares = np.cumsum(1 / np.arange(1, SPARSE_FEATURES + 1))
    ranks = np.searchsorted(shares, generator.random(lengths.sum()) * shares[-1])
    orders = np.array([generator.permutation(SPARSE_FEATURES) for _ in range(GROUPS)])
    terms = orders[np.repeat(subjects, lengths), ranks]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    shape = (SPARSE_ROWS, SPARSE_FEATURES)
    X = sparse.csr_matrix((np.ones(len(terms), np.float32), terms.astype(np.int32), starts), shape=shape)
    X.sum_duplicates()
    X.data /= np.repeat(np.sqrt(np.add.reduceat(X.data**2, X.indptr[:-1])), np.diff(X.indptr))
    return X


@dataclass(frozen=True)
class RowSet:
    """A set of rows."""

    name: str
    load: Callable[[], Any]


MNIST = RowSet("MNIST, 50,000 x 784", load_digits)
DENSE = RowSet(f"{DENSE_ROWS:,} x {DENSE_FEATURES}", draw_dense)
SPARSE = RowSet(f"sparse, {SPARSE_ROWS:,} x {SPARSE_FEATURES:,}", draw_sparse)


class Laps:
    """Keeps the seconds of the parts of a job."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.last = time.perf_counter()

    def record(self, name: str) -> None:
        """End a part."""
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self.last
        self.last = now


def as_features(X: Any) -> Features:
    """Return rows as our readers yield them."""
    if isinstance(X, np.ndarray):
        return X
    return Csr(X.data, X.indices.astype(np.int32), X.indptr.astype(np.int64), X.shape)
