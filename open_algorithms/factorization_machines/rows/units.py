"""The units that machines learn features in: flags keep theirs, other features come to a size of about 1.

Pairs of features count by the product of their values: of features in the thousands those would drown all else, and no
learning rate would do.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from open_algorithms.factorization_machines.machines.machines import Parameters
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.rows.csr import Csr, as_csr, stack_sparse
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.scaling import column_moments, find_flags
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float32s, Floats

REACH = 4.0  # sizes
TRIMMED = 2  # times that deviations are taken anew of what lies within reach
MOST_REACHES = 2**18  # features, of which a model's file still holds how far each counts
NUMBERS_AT_ONCE = 2**18  # that are standardised together, in a cache
SAMPLE_ROWS, SAMPLE_NUMBERS = 10_000, 2**24  # that units are taken from: rows at least, or numbers


@dataclass(frozen=True)
class Units:
    """What is subtracted from features and what they are divided by, (d,) each; None where that is 0 and 1 of all.

    Features other than flags count as no further than REACH sizes from what is subtracted, so that those too far for a
    number do as well; but for very many features.
    """

    centers: Float32s | None = None
    sizes: Float32s | None = None

    def scale(self, X: Csr) -> Csr:
        """Return sparse rows in these units: nothing is subtracted from them."""
        if self.sizes is None:
            return X
        with np.errstate(over="ignore"):
            data = X.data / self.sizes[X.indices]
        return X._replace(data=data if self.reach is None else np.clip(data, -REACH, REACH))

    def standardise(self, X: Float32s) -> Csr:
        """Return dense rows X (n, d) in these units, as sparse ones without their zeros."""
        step = max(1, NUMBERS_AT_ONCE // max(1, X.shape[1]))
        return stack_sparse([self._standardise_some(X[first : first + step]) for first in range(0, len(X), step)])

    def _standardise_some(self, X: Float32s) -> Csr:
        with np.errstate(over="ignore"):
            Z = X if self.centers is None else X - self.centers
        Z = Z if self.reach is None else np.clip(Z, -self.reach, self.reach)
        Z = Z if self.sizes is None else Z / self.sizes
        return as_csr(np.asarray(Z, np.float32))

    @cached_property
    def reach(self) -> Float32s | None:
        """How far from what is subtracted features count at most, (d,), in raw units."""
        if self.sizes is None or len(self.sizes) > MOST_REACHES:
            return None
        flags = self.sizes == 1
        if self.centers is not None:
            flags &= self.centers == 0
        reach = np.where(flags, np.inf, REACH * self.sizes.astype(np.float64))
        return np.minimum(reach, np.finfo(np.float32).max).astype(np.float32)

    def restore(self, found: Parameters) -> Parameters:
        """Return bias, linear weights (d,) and factors (d, k) for raw features less the centers, of those for units."""
        if self.sizes is None:
            return found
        return Parameters(found.bias, found.linear / self.sizes, found.factors / self.sizes[:, None])


def fit_units(rows: AnyRows, hosts: Hosts = SINGLE_HOST) -> Units:
    """Return the units for features of rows of which these are all of each host, or the first.

    They are taken from some of these, evenly; but only what is 0 or 1 in every row is a flag, and keeps its unit. Other
    dense features are centered and divided by their deviation. Sparse ones keep their zeros and are divided by the root
    of the mean square of what is stored: a rare feature's deviation says how rare it is.
    """
    if isinstance(rows, SparseRows):
        return fit_sparse_units(rows.X, hosts)
    X = rows.X[: len(rows), :-1]
    slabs = np.array_split(X, max(1, X.size // SAMPLE_NUMBERS))
    flags = np.all([find_flags(slab) for slab in slabs], axis=0)
    flags = hosts.all_reduce(~flags) == 0
    if flags.all():
        return Units()
    taken = max(SAMPLE_ROWS, SAMPLE_NUMBERS // max(1, X.shape[1]))
    some = X[:: max(1, len(X) // taken)]
    means, deviations = trim_moments(some, *column_moments(some, hosts), hosts)
    zero, one = np.float32(0), np.float32(1)
    return Units(np.where(flags, zero, means).astype(np.float32), np.where(flags, one, deviations).astype(np.float32))


def trim_moments(X: Float32s, means: Floats, deviations: Floats, hosts: Hosts) -> tuple[Floats, Floats]:
    """Return the means and deviations of what lies within reach of these, (d,), of all hosts' rows X (n, d).

    One value far beyond all others would be what its column is measured by.
    """
    means, deviations = means.astype(np.float64), deviations.astype(np.float64)
    for _ in range(TRIMMED):
        within = np.abs(X - means) <= REACH * deviations
        counts = hosts.all_reduce(within.sum(axis=0))
        centers = hosts.all_reduce(np.where(within, X, 0).sum(axis=0, dtype=np.float64)) / np.maximum(counts, 1)
        squares = hosts.all_reduce(np.square(np.where(within, X - centers, 0)).sum(axis=0, dtype=np.float64))
        spreads = np.sqrt(squares / np.maximum(counts, 1))
        varies = (counts > 0) & (spreads > np.finfo(np.float32).tiny)
        means, deviations = np.where(varies, centers, means), np.where(varies, spreads, deviations)
    return means, deviations


def fit_sparse_units(X: Csr, hosts: Hosts) -> Units:
    """Return the units for features of sparse rows X (n, d)."""
    flags = find_flags(X, hosts)
    if flags.all():
        return Units()
    width = len(flags)
    counts = hosts.all_reduce(np.bincount(X.indices, X.data != 0, width))
    squares = hosts.all_reduce(np.bincount(X.indices, np.square(X.data, dtype=np.float64), width))
    sizes = np.sqrt(np.divide(squares, counts, out=np.ones(width), where=counts > 0))
    usable = np.isfinite(sizes) & (sizes > np.finfo(np.float32).tiny) & ~flags
    return Units(None, np.where(usable, sizes, 1).astype(np.float32))
