"""Choose the first centers of a run among rows: at random, or far from each other by kmeans++."""

import math

import numpy as np

from open_algorithms.k_means.clustering.population import row_squares
from open_algorithms.learning.rows.csr import csr_matmul, expand_rows
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float64s, Int64s


def choose_centers(rows: AnyRows, count: int, method: str, generator: np.random.Generator) -> Float64s:
    """Return `count` of the rows, at most all of them, as centers (count, d); `method` is random or kmeans++.

    Rows are drawn by their weights, if they have some.
    """
    count = min(count, len(rows))
    weights = np.ones(len(rows)) if rows.row_weights is None else rows.row_weights.astype(np.float64)
    if method == "random":
        return dense_rows(rows, generator.choice(len(rows), count, replace=False, p=weights / weights.sum()))
    return dense_rows(rows, draw_apart(rows, weights, count, generator))


def draw_apart(rows: AnyRows, weights: Float64s, count: int, generator: np.random.Generator) -> Int64s:
    """Return the numbers of `count` rows by greedy kmeans++.

    Each is drawn with a chance in proportion to its squared distance from those before it, as the best of 2 + ln(count)
    draws; Arthur and Vassilvitskii, k-means++: the advantages of careful seeding, 2007. Rows that all lie on centers
    are drawn with equal chances.
    """
    squares, tries = row_squares(rows), 2 + int(math.log(count))
    chosen = np.empty(count, np.int64)
    chosen[0] = generator.choice(len(rows), p=weights / weights.sum())
    nearest = squared_distances(rows, squares, chosen[:1])[:, 0]
    for i in range(1, count):
        chances = np.cumsum(nearest * weights)
        if chances[-1] <= 0:
            left = np.setdiff1d(np.arange(len(rows)), chosen[:i])
            chosen[i:] = generator.choice(left, count - i, replace=False)
            break
        drawn = np.searchsorted(chances, generator.random(tries) * chances[-1], side="right")
        drawn = np.minimum(drawn, len(rows) - 1)
        tried = np.minimum(squared_distances(rows, squares, drawn), nearest[:, None])
        best = int(np.argmin(weights @ tried))
        chosen[i], nearest = drawn[best], tried[:, best]
    return chosen


def squared_distances(rows: AnyRows, squares: Float64s, chosen: Int64s) -> Float64s:
    """Return the squared distances (n, c) of rows with these squared norms (n,) from those with the numbers `chosen`.

    That of a row from itself is exactly 0.
    """
    centers = dense_rows(rows, chosen)
    if isinstance(rows, SparseRows):
        products = csr_matmul(rows.X, centers.T)
    else:
        products = rows.X[: len(rows), :-1] @ centers.T.astype(np.float32)
    found = np.maximum(squares[:, None] + squares[chosen] - 2 * products, 0)
    found[chosen, np.arange(len(chosen))] = 0
    return np.asarray(found)


def dense_rows(rows: AnyRows, numbers: Int64s) -> Float64s:
    """Return the rows of these numbers as centers (c, d)."""
    if isinstance(rows, SparseRows):
        return expand_rows(rows.take_rows(numbers.astype(np.int32)).X).astype(np.float64)
    return rows.X[numbers, :-1].astype(np.float64)
