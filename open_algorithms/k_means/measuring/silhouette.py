"""How clearly rows belong to their clusters, on a sample.

Rousseeuw, Silhouettes: a graphical aid to the interpretation and validation of cluster analysis, 1987.
"""

import numpy as np

from open_algorithms.k_means.clustering.population import pair_products, row_squares
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.types.arrays import Float64s, Int64s

ROWS = 1000  # of the sample, whose distances from each other are taken


def pairwise_distances(rows: AnyRows) -> Float64s:
    """Return the distances (m, m) of rows from each other."""
    squares = row_squares(rows)
    found = np.sqrt(np.maximum(squares[:, None] + squares - 2 * pair_products(rows), 0))
    np.fill_diagonal(found, 0)
    return np.asarray(found)


def silhouettes(distances: Float64s, labels: Int64s) -> Float64s:
    """Return the silhouette of each row (m,) of these clusters, given distances (m, m): from -1 to 1.

    With the mean distance a from the others of its cluster and b from those of the nearest other one it is
    (b - a) / max(a, b); 0 for a row that is alone in its cluster, and where there is but one cluster.
    """
    present, numbers = np.unique(labels, return_inverse=True)
    if len(present) < 2:
        return np.zeros(len(labels))
    members = np.zeros((len(labels), len(present)))
    members[np.arange(len(labels)), numbers] = 1
    sizes = members.sum(axis=0)
    sums = distances @ members
    rows = np.arange(len(labels))
    own_size = sizes[numbers]
    within = sums[rows, numbers] / np.maximum(own_size - 1, 1)
    means = sums / sizes
    means[rows, numbers] = np.inf
    between = means.min(axis=1)
    larger = np.maximum(within, between)
    found = np.where(larger > 0, (between - within) / np.where(larger > 0, larger, 1), 0)
    return np.where(own_size > 1, found, 0)
