"""Leave a local optimum of K-Means: put a center where it gains more than it costs to take it away.

Lattanzi and Sohler, A better k-means++ algorithm via local search, 2019; here the best swap
with any of a pool of places is made, as long as one gains.
"""

import numpy as np

from open_algorithms.k_means.clustering.population import row_squares
from open_algorithms.learning.rows.csr import csr_matmul
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float32s, Float64s, Int64s

LEAST_GAIN = 1e-4  # of the inertia, for which a center is swapped


class SwapSearch:
    """Looks for places in a pool (p, d) where a center would serve the rows of a sample better."""

    def __init__(self, sample: AnyRows, pool: Float64s) -> None:
        self.sample, self.pool = sample, pool
        self.squares = row_squares(sample)
        self.from_pool = self._distances(pool)

    def improve(self, centers: Float64s, most_swaps: int) -> Float64s:
        """Return the centers (k, d) after all swaps that gain, or so many."""
        centers, distances = centers.copy(), self._distances(centers)
        for _ in range(most_swaps):
            costs, inertia = self._measure_swaps(distances)
            center, place = divmod(int(costs.argmin()), len(self.pool))
            if costs[center, place] >= (1 - LEAST_GAIN) * inertia:
                break
            centers[center], distances[:, center] = self.pool[place], self.from_pool[:, place]
        return centers

    def add_centers(self, centers: Float64s, count: int) -> Float64s:
        """Return the centers (k, d) and `count` more, each at the place where it gains most."""
        nearest = self._distances(centers).min(axis=1)
        places = []
        for _ in range(count):
            with_new = np.minimum(self.from_pool, nearest[:, None])
            places.append(int(with_new.sum(axis=0, dtype=np.float64).argmin()))
            nearest = with_new[:, places[-1]]
        return np.concatenate([centers, self.pool[places]])

    def remove_centers(self, centers: Float64s, count: int) -> Float64s:
        """Return the centers (k, d) but for `count`, one after the other the one that is missed the least."""
        distances, left = self._distances(centers), np.arange(len(centers))
        for _ in range(count):
            nearest, first, second = two_nearest(distances[:, left])
            costs = np.bincount(nearest, weights=second - first, minlength=len(left))
            left = np.delete(left, int(costs.argmin()))
        return np.asarray(centers[left], np.float64)

    def _measure_swaps(self, distances: Float32s) -> tuple[Float64s, float]:
        """Return the inertia (k, p) once each center is taken away and put to each place, and that of now.

        A row whose center goes falls to its second nearest, or to the new one.
        """
        nearest, first, second = two_nearest(distances)
        with_new = np.minimum(self.from_pool, first[:, None])
        members = np.zeros((distances.shape[1], len(distances)), np.float32)
        members[nearest, np.arange(len(distances))] = 1
        costs = members @ (np.minimum(self.from_pool, second[:, None]) - with_new)
        costs += np.ones(len(distances), np.float32) @ with_new
        return np.asarray(costs, np.float64), float(first.sum(dtype=np.float64))

    def _distances(self, centers: Float64s) -> Float32s:
        """Return the squared distances (m, c) of the sample from centers."""
        sample = self.sample
        if isinstance(sample, SparseRows):
            products = csr_matmul(sample.X, centers.T)
        else:
            products = sample.X[: len(sample), :-1] @ centers.T.astype(np.float32)
        norms = np.einsum("kd,kd->k", centers, centers)
        return np.asarray(np.maximum(self.squares[:, None] + norms - 2 * products, 0), np.float32)


def two_nearest(distances: Float32s) -> tuple[Int64s, Float32s, Float32s]:
    """Return the number of each row's nearest column (m,), the distance of that, and of the next one."""
    nearest = distances.argmin(axis=1)
    rows = np.arange(len(distances))
    others = distances.copy()
    others[rows, nearest] = np.inf
    return nearest, distances[rows, nearest], others.min(axis=1)
