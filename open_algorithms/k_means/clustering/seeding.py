"""Choose the first centers of a run among rows: at random, or far from each other by kmeans++."""

import math
from functools import cached_property

import numpy as np

from open_algorithms.k_means.clustering.population import pair_products, row_squares
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.csr import csr_matmul, expand_rows
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float64s, Int64s

ROWS_IN_PAIRS = 1024  # up to which all distances of rows from each other are kept


class Seeder:
    """Chooses among rows, time after time; they are drawn by their weights, if they have some.

    Before each draw by kmeans++ `raise_if_stopped` is called: among many rows it takes its time.
    """

    def __init__(self, rows: AnyRows, raise_if_stopped: StopCheck = never_stop) -> None:
        self.rows, self.raise_if_stopped = rows, raise_if_stopped
        weights = rows.row_weights
        self.weights = np.ones(len(rows)) if weights is None else weights.astype(np.float64)

    def choose(self, count: int, method: str, generator: np.random.Generator) -> Float64s:
        """Return `count` of the rows, at most all of them, as centers (count, d); `method` is random or kmeans++."""
        count = min(count, len(self.rows))
        if method == "random":
            return dense_rows(self.rows, self._draw_any(count, generator))
        return dense_rows(self.rows, self._draw_apart(count, generator))

    def _draw_any(self, count: int, generator: np.random.Generator) -> Int64s:
        """Return the numbers of `count` rows, drawn by their weights; those without any come last."""
        weighty, others = np.flatnonzero(self.weights > 0), np.flatnonzero(self.weights <= 0)
        chances, first = self.weights[weighty] / self.weights.sum(), min(count, len(weighty))
        drawn = weighty[generator.choice(len(weighty), first, replace=False, p=chances)]
        return np.append(drawn, generator.choice(others, count - first, replace=False)) if count > first else drawn

    def _draw_apart(self, count: int, generator: np.random.Generator) -> Int64s:
        """Return the numbers of `count` rows by greedy kmeans++.

        Each is drawn with a chance in proportion to its squared distance from those before it, as the best of
        2 + ln(count) draws; Arthur and Vassilvitskii, k-means++: the advantages of careful seeding, 2007. Rows that all
        lie on centers are drawn with equal chances.
        """
        tries, last = 2 + int(math.log(count)), len(self.rows) - 1
        chosen = np.empty(count, np.int64)
        chosen[0] = generator.choice(len(self.rows), p=self.weights / self.weights.sum())
        nearest = self._distances_from(chosen[:1])[:, 0]
        for i in range(1, count):
            self.raise_if_stopped()
            chances = np.cumsum(nearest * self.weights)
            if chances[-1] <= 0:
                left = np.setdiff1d(np.arange(len(self.rows)), chosen[:i])
                chosen[i:] = generator.choice(left, count - i, replace=False)
                break
            drawn = np.searchsorted(chances, generator.random(tries) * chances[-1], side="right")
            drawn = np.minimum(drawn, last)
            tried = np.minimum(self._distances_from(drawn), nearest[:, None])
            best = int(np.argmin(self.weights @ tried))
            chosen[i], nearest = drawn[best], tried[:, best]
        return chosen

    def _distances_from(self, numbers: Int64s) -> Float64s:
        """Return the squared distances (n, c) of the rows from those of these numbers."""
        if len(self.rows) <= ROWS_IN_PAIRS:
            return self._pairs[:, numbers]
        return self._measure(numbers)

    @cached_property
    def _pairs(self) -> Float64s:
        found = np.maximum(self._squares[:, None] + self._squares - 2 * pair_products(self.rows), 0)
        np.fill_diagonal(found, 0)
        return np.asarray(found)

    @cached_property
    def _squares(self) -> Float64s:
        return row_squares(self.rows)

    def _measure(self, numbers: Int64s) -> Float64s:
        """Return those distances; that of a row from itself is exactly 0."""
        rows, centers = self.rows, dense_rows(self.rows, numbers)
        if isinstance(rows, SparseRows):
            products = csr_matmul(rows.X, centers.T)
        else:
            products = rows.X[: len(rows), :-1] @ centers.T.astype(np.float32)
        found = np.maximum(self._squares[:, None] + self._squares[numbers] - 2 * products, 0)
        found[numbers, np.arange(len(numbers))] = 0
        return np.asarray(found)


def dense_rows(rows: AnyRows, numbers: Int64s) -> Float64s:
    """Return the rows of these numbers as centers (c, d)."""
    if isinstance(rows, SparseRows):
        return expand_rows(rows.take_rows(numbers.astype(np.int32)).X).astype(np.float64)
    return rows.X[numbers, :-1].astype(np.float64)
