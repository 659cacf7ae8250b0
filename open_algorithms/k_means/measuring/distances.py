"""How far rows are from the centers of their clusters."""

import numpy as np

from open_algorithms.k_means.clustering.population import Population
from open_algorithms.k_means.clustering.runs import Runs
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float64s, Int64s

NUMBERS_AT_ONCE = 2**18  # that are held in float64
DOUBTFUL_SHARE = 1 / 8  # of the squares of rows: less is a difference of large sums, and has lost digits


def measure_runs(population: Population, runs: Runs) -> tuple[Float64s, Float64s]:
    """Return the rows of each center, (K,), and for each run the sum of the squared distances from them, (G,).

    Where rows are much closer to their centers than to 0, distances are taken one by one.
    """
    totals = population.sum_rows(runs)
    ssds = totals.inertias(runs)
    doubtful = np.flatnonzero(ssds < DOUBTFUL_SHARE * totals.squares)
    if len(doubtful):
        ssds[doubtful] = sum_distances(population, runs.take(doubtful))
    return totals.counts, ssds


def sum_distances(population: Population, runs: Runs) -> Float64s:
    """Return for each run the sum of the squared distances of all rows from their centers, (G,), in float64."""
    sums, centers = np.zeros(len(runs)), runs.split()
    with population.hosts.stopping_together():
        for rows in population.iterate_parts():
            labels = population.assign_rows(rows, runs, with_labels=True).labels
            assert labels is not None
            sums += [own_distances(rows, own, labels[:, g].astype(np.int64)).sum() for g, own in enumerate(centers)]
            del rows
    return np.asarray(population.hosts.all_reduce(sums), np.float64)


def own_distances(rows: AnyRows, centers: Float64s, labels: Int64s) -> Float64s:
    """Return the squared distance of each row from the center (k, d) with its label, (n,)."""
    if isinstance(rows, SparseRows):
        return sparse_distances(rows, centers, labels)
    found, step = np.empty(len(rows)), max(1, NUMBERS_AT_ONCE // rows.feature_dim)
    for first in range(0, len(rows), step):
        last = min(first + step, len(rows))
        Z = rows.X[first:last, :-1] - centers[labels[first:last]]
        found[first:last] = np.einsum("nd,nd->n", Z, Z)
    return found


def sparse_distances(rows: SparseRows, centers: Float64s, labels: Int64s) -> Float64s:
    """Return the squared distances (n,) of sparse rows: |c|^2, and (x - c)^2 - c^2 of each number that is stored."""
    numbers = np.repeat(np.arange(len(rows)), np.diff(rows.X.indptr))
    at_stored = centers[labels[numbers], rows.X.indices]
    terms = (rows.X.data - at_stored) ** 2 - at_stored**2
    norms = np.einsum("kd,kd->k", centers, centers)
    found = norms[labels] + np.bincount(numbers, weights=terms, minlength=len(rows))
    return np.asarray(np.maximum(found, 0))
