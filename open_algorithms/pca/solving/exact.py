"""Components from the sums of products of all pairs of features: all at once."""

import numpy as np

from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.pca.solving.components import Components, make_components
from open_algorithms.pca.solving.moments import Moments


def solve_gram(products: Float64s, moments: Moments, scales: Float64s, count: int) -> Components:
    """Return the first `count` components of rows, given X'X (d, d) of rows X as they are stored.

    They are those of features divided by `scales` (d,). All d singular values are known, unless there are so many that
    only the first are looked for. Those that rounding may have made are 0.
    """
    matrix = moments.center_gram(products)
    matrix /= np.outer(scales, scales)
    eigenvalues, vectors = np.linalg.eigh(matrix)
    rounding = np.finfo(np.float64).eps * len(matrix) * max(eigenvalues[-1], 0)
    eigenvalues[eigenvalues < rounding] = 0
    total = float((moments.squares / scales**2).sum())
    return make_components(eigenvalues[::-1], vectors[:, ::-1][:, :count], scales, total)
