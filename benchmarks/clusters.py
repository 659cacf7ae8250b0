"""Cluster rows in memory, beside scikit-learn and faiss, in the same run; and whole processes from file to centers.

Each side runs in processes of its own. Arguments choose between the sets by a part of their names:
`python -m benchmarks.clusters MNIST`.
"""

import io
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import data
from benchmarks.job import run_python
from benchmarks.measure import CHECKOUT, Figure, is_chosen, run_benchmark, run_in_process, shortest_times, time_run
from benchmarks.problems import PROCESSORS
from container.codecs.recordio import encode_records
from container.job.log import JobLog
from open_algorithms.k_means.options.hyperparameters import parse_hyperparameters
from open_algorithms.k_means.training.fit import cluster_rows
from open_algorithms.learning.rows.csr import Csr, Features
from open_algorithms.learning.work import Columns, Work

K, SEEDS = 10, 3
LEAST = 1.5  # of the speed of MiniBatchKMeans, at a distance that is no greater
BANK, MOST_OF_BANK = "2-12", 3.0  # numbers of clusters at once, and of the time of the largest alone
DENSE_ROWS, DENSE_FEATURES, GROUPS = 1_000_000, 30, 20
SPARSE_ROWS, SPARSE_FEATURES, MEAN_VALUES = 200_000, 10_000, 60
PEERS = ("KMeans", "MiniBatchKMeans", "faiss")
FAISS_PASSES = 25


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
class Case:
    """A set of rows; `peers` are those that can cluster them in reasonable time."""

    name: str
    load: Callable[[], Any]
    peers: tuple[str, ...] = PEERS


CASES = (
    Case(f"MNIST, 50,000 x 784, k={K}", load_digits),
    Case(f"{DENSE_ROWS:,} x {DENSE_FEATURES}, k={K}", draw_dense),
    Case(f"sparse, {SPARSE_ROWS:,} x {SPARSE_FEATURES:,}, k={K}", draw_sparse, ("MiniBatchKMeans",)),
)


def figures() -> Iterator[Figure]:
    """Measure all sets."""
    for case in CASES:
        if is_chosen(case.name):
            yield from measure_loops(case)
    if is_chosen("MNIST, whole process"):
        yield from measure_processes()


def measure_loops(case: Case) -> Iterator[Figure]:
    """Measure the clustering of rows in memory: its seconds, and how good it is, of some seeds."""
    found = {"ours": run_in_process(PROCESSORS, cluster_here, case, {"k": str(K)})}
    for peer in case.peers:
        if peer == "faiss" and find_spec("faiss") is None:
            print("    faiss is left out: it is not installed here")
            continue
        found[peer] = run_in_process(PROCESSORS, fit_peer, case, peer)
    for name, (seconds, distances) in found.items():
        yield Figure(case.name, f"{name}, clustering", seconds, "s")
        yield Figure(case.name, f"{name}, mean squared distance, the mean of {SEEDS} seeds", float(np.mean(distances)))
    ours, ours_distances = found["ours"]
    for name, (seconds, distances) in found.items():
        if name != "ours":
            least = LEAST if name == "MiniBatchKMeans" else None
            most = 1.0 if name == "MiniBatchKMeans" else None
            yield Figure(case.name, f"our speed of {name}'s", seconds / ours, least=least)
            ratio = float(np.mean(ours_distances) / np.mean(distances))
            yield Figure(case.name, f"our distance of {name}'s", ratio, most=most)
    bank, _ = run_in_process(PROCESSORS, cluster_here, case, {"k_range": BANK})
    alone, _ = run_in_process(PROCESSORS, cluster_here, case, {"k": BANK.split("-")[1]})
    yield Figure(case.name, f"k of {BANK} at once, of the time of the largest alone", bank / alone, most=MOST_OF_BANK)


def cluster_here(case: Case, texts: dict[str, str]) -> tuple[float, list[float]]:
    """Cluster by our loop; return the shortest seconds and the mean squared distances of some seeds.

    A pass that measures the centers is a part of it; the reading of rows into memory, as peers are given them, is not.
    """
    X, times, distances = case.load(), [], []
    blocks = [(as_features(X), np.zeros((X.shape[0], 0), np.float32))]
    nowhere = io.StringIO()
    for seed in range(SEEDS):
        laps = Laps()
        given = texts | {"seed": str(seed)}
        work = Work(
            given,
            {"train": blocks},
            JobLog("algo-1", "K-Means", nowhere),
            record_lap=laps.record,
            processors=PROCESSORS,
        )
        result = cluster_rows(work, parse_hyperparameters(given), Columns())
        times.append(sum(seconds for name, seconds in laps.seconds.items() if name not in ("read", "prepare")))
        distances.append(result.clustering.distortion.msd)
    return min(times), distances


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


def fit_peer(case: Case, name: str) -> tuple[float, list[float]]:
    """Cluster by a peer; return the shortest seconds and the mean squared distances of some seeds."""
    X, times, distances = case.load(), [], []
    for seed in range(SEEDS):
        fitted: list[Any] = []
        times.append(time_run(partial(fit_once, name, X, seed, fitted)))
        distances.append(mean_squared_distance(X, fitted[0]))
    return min(times), distances


def fit_once(name: str, X: Any, seed: int, fitted: list[Any]) -> None:
    """Fit a peer with its defaults, and put its centers (k, d) into a list."""
    if name == "faiss":
        import faiss

        peer = faiss.Kmeans(X.shape[1], K, niter=FAISS_PASSES, seed=seed + 1, max_points_per_centroid=len(X))
        peer.train(X)
        fitted.append(peer.centroids)
        return
    from sklearn import cluster

    fitted.append(getattr(cluster, name)(K, random_state=seed).fit(X).cluster_centers_)


def mean_squared_distance(X: Any, centers: Any) -> float:
    """Return the mean squared distance of rows from their nearest centers."""
    centers = np.asarray(centers, np.float64)
    total, norms = 0.0, np.square(centers).sum(axis=1)
    for first in range(0, X.shape[0], 10_000):
        rows = X[first : first + 10_000]
        dense = isinstance(rows, np.ndarray)
        squares = np.square(rows, dtype=np.float64).sum(axis=1) if dense else rows.multiply(rows).sum(axis=1).A1
        total += float((squares + (norms - 2 * np.asarray(rows @ centers.T)).min(axis=1)).sum())
    return float(total / X.shape[0])


def measure_processes() -> Iterator[Figure]:
    """Measure whole processes on MNIST: `train` from recordIO, and a peer from what it reads fastest."""
    subject = f"MNIST, whole process, k={K}"
    X = load_digits()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (config := root / "input" / "config").mkdir(parents=True)
        (channel := root / "input" / "data" / "train").mkdir(parents=True)
        (config / "hyperparameters.json").write_text(json.dumps({"k": str(K)}))
        (config / "inputdataconfig.json").write_text(json.dumps({"train": {}}))
        (channel / "digits.pbr").write_bytes(encode_records(X))
        np.save(root / "digits.npy", X)
        fit = f"MiniBatchKMeans({K}, random_state=0).fit(numpy.load({str(root / 'digits.npy')!r})).cluster_centers_"
        peer = f"import numpy; from sklearn.cluster import MiniBatchKMeans; numpy.save({str(root / 'out')!r}, {fit})"
        ours = partial(run_python, [str(CHECKOUT / "train")], folder, ALGORITHM="k_means")
        taken = shortest_times({"ours": ours, "MiniBatchKMeans": lambda: run_python(["-c", peer], folder)}, 3)
    for name, seconds in taken.items():
        yield Figure(subject, name, seconds, "s")
    yield Figure(subject, "our speed of MiniBatchKMeans's", taken["MiniBatchKMeans"] / taken["ours"], least=LEAST)


if __name__ == "__main__":
    run_benchmark("How fast are clusters found, and how good are they?", figures())
