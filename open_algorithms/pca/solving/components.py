"""Principal components as they are found.

Tests: tests/pca/solving/test_exact.py.
"""

from dataclasses import dataclass

import numpy as np

from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.pca.solving.moments import Moments


@dataclass(frozen=True)
class Components:
    """The first k components, the largest first.

    `directions` (d, k) are orthonormal, in the units of features divided by `scales` (d,). `singular_values` (r,) are
    those of the matrix of rows about their center, of these components and of as many more as are known, r >= k;
    `total` is the sum of squares of that matrix, of which component i explains the share singular_values[i]^2 / total.
    """

    singular_values: Float64s
    directions: Float64s
    scales: Float64s
    total: float

    @property
    def count(self) -> int:
        """The number of components, k."""
        return int(self.directions.shape[1])

    @property
    def loadings(self) -> Float64s:
        """What rows about their center are multiplied by, (d, k)."""
        return self.directions / self.scales[:, None]

    @property
    def explained_ratios(self) -> Float64s:
        """The share of the variance that each known component explains, (r,); 0 where there is no variance."""
        return self.singular_values**2 / self.total if self.total > 0 else np.zeros_like(self.singular_values)

    def share(self, hosts: Hosts) -> "Components":
        """Return host 0's components on every host: processors of different kinds round differently."""
        arrays = (self.singular_values, self.directions, self.scales)
        values, directions, scales = (np.asarray(hosts.broadcast(array), np.float64) for array in arrays)
        return Components(values, directions, scales, self.total)


@dataclass(frozen=True)
class Solution:
    """Components and the moments of the rows that they are of, after so many `passes`.

    `residual` is what the product of a component has beyond its direction, as a part of its eigenvalue; 0 where all
    pairs of features were summed.
    """

    components: Components
    moments: Moments
    passes: int = 1
    residual: float = 0.0

    @property
    def variance_shares(self) -> Float64s:
        """The share of each feature in the variance that components are of, (d,); 0 where there is none."""
        squares = self.moments.squares / self.components.scales**2
        return squares / self.components.total if self.components.total > 0 else np.zeros_like(squares)


def make_components(eigenvalues: Float64s, vectors: Float64s, scales: Float64s, total: float) -> Components:
    """Return components from eigenvalues (r,), the largest first, and eigenvectors (d, k) of the sums of products.

    A value below 0 is 0: it is left of rounding. The largest entry of each vector is made positive.
    """
    values = np.sqrt(np.maximum(eigenvalues, 0))
    return Components(values, fix_signs(vectors), scales, total)


def fix_signs(vectors: Float64s) -> Float64s:
    """Return vectors (d, k) with the signs by which the entry of each that is largest in size is positive.

    Of entries that differ by rounding alone the first one counts.
    """
    sizes = np.abs(vectors)
    largest = (sizes >= sizes.max(axis=0) * (1 - 1e-9)).argmax(axis=0)
    return np.asarray(vectors * np.where(np.take_along_axis(vectors, largest[None], axis=0) < 0, -1.0, 1.0))
