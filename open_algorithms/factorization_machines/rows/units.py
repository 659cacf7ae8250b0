"""The units that machines learn features in: flags keep theirs, other features come to a size of about 1.

Pairs of features count by the product of their values: of features in the thousands those would drown all else, and no
learning rate would do.
"""

from dataclasses import dataclass

import numpy as np

from open_algorithms.factorization_machines.machines.machines import Parameters
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.rows.csr import Csr
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.scaling import column_moments, find_flags
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float32s

SAMPLE_ROWS = 10_000  # that units are taken from


@dataclass(frozen=True)
class Units:
    """What is subtracted from features and what they are divided by, (d,) each; None where that is 0 and 1 of all."""

    centers: Float32s | None = None
    sizes: Float32s | None = None

    def scale(self, X: Csr) -> Csr:
        """Return sparse rows in these units: nothing is subtracted from them."""
        return X if self.sizes is None else X._replace(data=X.data / self.sizes[X.indices])

    def standardise(self, X: Float32s) -> Csr:
        """Return dense rows X (n, d) in these units, as sparse ones without their zeros."""
        Z = X if self.centers is None else X - self.centers
        Z = Z if self.sizes is None else Z / self.sizes
        rows, columns = Z.nonzero()
        ends = np.append(0, np.cumsum(np.bincount(rows, minlength=len(Z))))
        return Csr(Z[rows, columns].astype(np.float32), columns.astype(np.int32), ends, (len(Z), Z.shape[1]))

    def restore(self, found: Parameters) -> Parameters:
        """Return bias, linear weights (d,) and factors (d, k) for raw features less the centers, of those for units."""
        if self.sizes is None:
            return found
        return Parameters(found.bias, found.linear / self.sizes, found.factors / self.sizes[:, None])


def fit_units(rows: AnyRows, hosts: Hosts = SINGLE_HOST) -> Units:
    """Return the units for features of rows of which these are the first of each host.

    Dense features that are not flags, 0 or 1, are centered and divided by their deviation. Sparse ones keep their zeros
    and are divided by the root of the mean square of what is stored: a rare feature's deviation says how rare it is.
    """
    if isinstance(rows, SparseRows):
        return fit_sparse_units(rows.slice_rows(0, min(len(rows), SAMPLE_ROWS)).X, hosts)
    X = rows.X[: min(len(rows), SAMPLE_ROWS), :-1]
    flags = find_flags(X, hosts)
    if flags.all():
        return Units()
    means, deviations = column_moments(X, hosts)
    zero, one = np.float32(0), np.float32(1)
    return Units(np.where(flags, zero, means).astype(np.float32), np.where(flags, one, deviations).astype(np.float32))


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
