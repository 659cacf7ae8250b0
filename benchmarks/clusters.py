"""Cluster rows in memory, beside scikit-learn and faiss, in the same run; and whole processes from file to centers.

Each side runs in processes of its own. Arguments choose between the sets by a part of their names:
`python -m benchmarks.clusters MNIST`.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.measure import Figure, is_chosen, run_benchmark, run_in_process, time_run
from benchmarks.problems import PROCESSORS
from benchmarks.unlabelled import DENSE, MNIST, SPARSE, Laps, RowSet, make_work, measure_peers, time_processes
from open_algorithms.k_means.options.hyperparameters import parse_hyperparameters
from open_algorithms.k_means.training.fit import cluster_rows
from open_algorithms.learning.work import Columns

K, SEEDS = 10, 3
LEAST = 1.5  # of the speed of MiniBatchKMeans, at a distance that is no greater
BANK, MOST_OF_BANK = "2-12", 3.0  # numbers of clusters at once, and of the time of the largest alone
PEERS = ("KMeans", "MiniBatchKMeans", "faiss")
FAISS_PASSES = 25
PEERS_OF = {MNIST: PEERS, DENSE: PEERS, SPARSE: ("MiniBatchKMeans",)}  # that cluster a set in reasonable time


def figures() -> Iterator[Figure]:
    """Measure all sets."""
    for rows, peers in PEERS_OF.items():
        if is_chosen(rows.name):
            yield from measure_loops(rows, peers)
    if is_chosen("MNIST, whole process"):
        yield from measure_processes()


def measure_loops(case: RowSet, peers: tuple[str, ...]) -> Iterator[Figure]:
    """Measure the clustering of rows in memory: its seconds, and how good it is, of some seeds."""
    subject = f"{case.name}, k={K}"
    found = {"ours": run_in_process(PROCESSORS, cluster_here, case, {"k": str(K)})}
    found |= measure_peers(case, peers, fit_peer)
    for name, (seconds, distances) in found.items():
        yield Figure(subject, f"{name}, clustering", seconds, "s")
        yield Figure(subject, f"{name}, mean squared distance, the mean of {SEEDS} seeds", float(np.mean(distances)))
    ours, ours_distances = found["ours"]
    for name, (seconds, distances) in found.items():
        if name != "ours":
            least = LEAST if name == "MiniBatchKMeans" else None
            most = 1.0 if name == "MiniBatchKMeans" else None
            yield Figure(subject, f"our speed of {name}'s", seconds / ours, least=least)
            ratio = float(np.mean(ours_distances) / np.mean(distances))
            yield Figure(subject, f"our distance of {name}'s", ratio, most=most)
    bank, _ = run_in_process(PROCESSORS, cluster_here, case, {"k_range": BANK})
    alone, _ = run_in_process(PROCESSORS, cluster_here, case, {"k": BANK.split("-")[1]})
    yield Figure(subject, f"k of {BANK} at once, of the time of the largest alone", bank / alone, most=MOST_OF_BANK)


def cluster_here(case: RowSet, texts: dict[str, str]) -> tuple[float, list[float]]:
    """Cluster by our loop; return the shortest seconds and the mean squared distances of some seeds.

    A pass that measures the centers is a part of it; the reading of rows into memory, as peers are given them, is not.
    """
    X, times, distances = case.load(), [], []
    for seed in range(SEEDS):
        laps, given = Laps(), texts | {"seed": str(seed)}
        work = make_work(X, given, laps.record)
        result = cluster_rows(work, parse_hyperparameters(given), Columns())
        times.append(sum(seconds for name, seconds in laps.seconds.items() if name not in ("read", "prepare")))
        distances.append(result.clustering.distortion.msd)
    return min(times), distances


def fit_peer(case: RowSet, name: str) -> tuple[float, list[float]]:
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
    """Measure whole processes on MNIST."""
    subject, peer = f"MNIST, whole process, k={K}", "MiniBatchKMeans"
    fit = f"from sklearn.cluster import {peer}; found = {peer}({K}, random_state=0).fit(rows).cluster_centers_"
    taken = time_processes("k_means", {"k": str(K)}, {peer: fit})
    for name, seconds in taken.items():
        yield Figure(subject, name, seconds, "s")
    yield Figure(subject, f"our speed of {peer}'s", taken[peer] / taken["ours"], least=LEAST)


if __name__ == "__main__":
    run_benchmark("How fast are clusters found, and how good are they?", figures())
