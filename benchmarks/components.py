"""Find principal components of rows in memory, beside scikit-learn and faiss, in the same run; and whole processes.

Each side runs in processes of its own. Arguments choose between the sets by a part of their names:
`python -m benchmarks.components MNIST`.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.measure import Figure, is_chosen, run_benchmark, run_in_process, time_run
from benchmarks.problems import PROCESSORS
from benchmarks.unlabelled import (
    DENSE,
    MNIST,
    REPEATS,
    SPARSE,
    Laps,
    RowSet,
    make_work,
    measure_peers,
    time_processes,
)
from open_algorithms.learning.work import Columns
from open_algorithms.pca.options.hyperparameters import parse_hyperparameters
from open_algorithms.pca.training.fit import find_components

COMPONENTS = 10
LEAST = 1.5  # of the speed of scikit-learn's PCA
LEAST_VARIANCE = 0.99  # of what exact components explain, that randomized ones do
PEERS = ("PCA", "IncrementalPCA", "faiss")
PEERS_OF = {MNIST: PEERS, DENSE: PEERS, SPARSE: ("PCA",)}


def figures() -> Iterator[Figure]:
    """Measure all sets."""
    for rows, peers in PEERS_OF.items():
        if is_chosen(rows.name):
            yield from measure_loops(rows, peers)
    if is_chosen("MNIST, whole process"):
        yield from measure_processes()


def measure_loops(case: RowSet, peers: tuple[str, ...]) -> Iterator[Figure]:
    """Measure the search for components of rows in memory: its seconds, and the variance that they explain."""
    subject = f"{case.name}, {COMPONENTS} components"
    found = {mode: run_in_process(PROCESSORS, solve_here, case, mode) for mode in ("regular", "randomized")}
    found |= measure_peers(case, peers, fit_peer)
    for name, (seconds, explained) in found.items():
        yield Figure(subject, f"{name}, fit", seconds, "s")
        yield Figure(subject, f"{name}, share of variance explained", explained)
    ours, exact = found["regular"]
    for peer in peers:
        if peer in found:
            least = LEAST if peer == "PCA" else None
            yield Figure(subject, f"our speed of {peer}'s", found[peer][0] / ours, least=least)
    ratio = found["randomized"][1] / exact
    yield Figure(subject, "variance explained by randomized components, of exact ones", ratio, least=LEAST_VARIANCE)


def solve_here(case: RowSet, mode: str) -> tuple[float, float]:
    """Find components; return the shortest seconds and the share of the variance.

    The reading of rows into memory, as peers are given them, is not a part of it, nor are measures on the rows.
    """
    X, times = case.load(), []
    texts = {"num_components": str(COMPONENTS), "algorithm_mode": mode}
    for _ in range(REPEATS):
        laps = Laps()
        work = make_work(X, texts, laps.record)
        result = find_components(work, parse_hyperparameters(texts), Columns())
        times.append(laps.seconds["solve"])
    return min(times), explained_share(X, result.model.loadings.T)


def fit_peer(case: RowSet, name: str) -> tuple[float, float]:
    """Find components by a peer; return the shortest seconds and the share of the variance."""
    X, directions = case.load(), list[Any]()
    taken = min(time_run(partial(fit_once, name, X, directions)) for _ in range(REPEATS))
    return taken, explained_share(X, directions[-1])


def fit_once(name: str, X: Any, directions: list[Any]) -> None:
    """Fit a peer with its defaults, and put its components (c, d) into a list."""
    if name == "faiss":
        import faiss

        peer = faiss.PCAMatrix(X.shape[1], COMPONENTS)
        peer.train(X)
        directions.append(faiss.vector_to_array(peer.A).reshape(COMPONENTS, -1))
        return
    from sklearn import decomposition

    directions.append(getattr(decomposition, name)(COMPONENTS).fit(X).components_)


def explained_share(X: Any, directions: Any) -> float:
    """Return the share of the variance of rows (n, d) that lies along orthonormal directions (c, d)."""
    directions = np.asarray(directions, np.float64)
    sums, squares, total, projected = np.zeros(X.shape[1]), np.zeros(X.shape[1]), 0.0, np.zeros(len(directions))
    for first in range(0, X.shape[0], 10_000):
        rows = X[first : first + 10_000].astype(np.float64)
        sums += np.asarray(rows.sum(axis=0)).ravel()
        powers = rows**2 if isinstance(rows, np.ndarray) else rows.multiply(rows)
        squares += np.asarray(powers.sum(axis=0)).ravel()
        projected += np.square(np.asarray(rows @ directions.T)).sum(axis=0)
    mean = sums / X.shape[0]
    total = float((squares - X.shape[0] * mean**2).sum())
    return float((projected - X.shape[0] * (directions @ mean) ** 2).sum() / total)


def measure_processes() -> Iterator[Figure]:
    """Measure whole processes on MNIST."""
    subject, peers = f"MNIST, whole process, {COMPONENTS} components", ("PCA", "IncrementalPCA")
    fit = "from sklearn.decomposition import {0}; found = {0}({1}).fit(rows).components_"
    fits = {peer: fit.format(peer, COMPONENTS) for peer in peers}
    taken = time_processes("pca", {"num_components": str(COMPONENTS)}, fits)
    for name, seconds in taken.items():
        yield Figure(subject, name, seconds, "s")
    for peer in peers:
        yield Figure(subject, f"our speed of {peer}'s", taken[peer] / taken["ours"], least=LEAST)


if __name__ == "__main__":
    run_benchmark("How fast are principal components found?", figures())
