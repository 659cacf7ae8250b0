"""Jobs on rows without labels beside their peers: the rows, the parts of a job in this process, and whole processes."""

import io
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from benchmarks import data
from benchmarks.job import run_python
from benchmarks.measure import CHECKOUT, run_in_process, shortest_times
from benchmarks.problems import PROCESSORS
from container.codecs.recordio import encode_records
from container.job.log import JobLog
from open_algorithms.learning.rows.csr import Csr, Features
from open_algorithms.learning.work import Work

Result = TypeVar("Result")
REPEATS = 3

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


def make_work(X: Any, texts: Mapping[str, str], record_lap: Callable[[str], None]) -> Work:
    """Return the work of a job on rows in memory, whose log is read by nobody."""
    blocks = [(as_features(X), np.zeros((X.shape[0], 0), np.float32))]
    log = JobLog("algo-1", "", io.StringIO())
    return Work(texts, {"train": blocks}, log, record_lap=record_lap, processors=PROCESSORS)


def measure_peers(case: RowSet, peers: Sequence[str], fit_peer: Callable[[RowSet, str], Result]) -> dict[str, Result]:
    """Return what `fit_peer` returns of each peer that is installed, in a process of its own."""
    found = {}
    for peer in peers:
        if peer == "faiss" and find_spec("faiss") is None:
            print("    faiss is left out: it is not installed here")
        else:
            found[peer] = run_in_process(PROCESSORS, fit_peer, case, peer)
    return found


def time_processes(algorithm: str, texts: Mapping[str, str], peers: Mapping[str, str]) -> dict[str, float]:
    """Return the seconds of whole processes on MNIST: ours from recordIO, and those of peers from a file of numpy.

    A peer is a program of Python that makes `found`, an array, of `rows`.
    """
    X = load_digits()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (config := root / "input" / "config").mkdir(parents=True)
        (channel := root / "input" / "data" / "train").mkdir(parents=True)
        (config / "hyperparameters.json").write_text(json.dumps(texts))
        (config / "inputdataconfig.json").write_text(json.dumps({"train": {}}))
        (channel / "digits.pbr").write_bytes(encode_records(X))
        np.save(root / "digits.npy", X)
        works: dict[str, Callable[[], object]] = {
            "ours": partial(run_python, [str(CHECKOUT / "train")], folder, ALGORITHM=algorithm)
        }
        load, save = (f"{name}({str(root / file)!r}" for name, file in (("load", "digits.npy"), ("save", "out")))
        for name, program in peers.items():
            whole = f"import numpy; rows = numpy.{load}); {program}; numpy.{save}, found)"
            works[name] = partial(run_python, ["-c", whole], folder)
        return shortest_times(works, REPEATS)
