"""Components from the sums of products of all pairs of features: all at once."""

import numpy as np

from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.pca.solving.components import Components, make_components
from open_algorithms.pca.solving.krylov import Krylov
from open_algorithms.pca.solving.moments import Moments

FEWEST_SEARCHED, SEARCHED_SHARE = 512, 16  # features, of which one part of so many is searched for at most
SEARCH_MARGIN, BASIS_BLOCKS, MOST_PRODUCTS = 6, 12, 60
TOLERANCE = 1e-7  # of an eigenvalue: what may be left of a product beyond its direction, as float32 would lose it


def solve_gram(products: Float64s, moments: Moments, scales: Float64s, count: int) -> Components:
    """Return the first `count` components of rows, given X'X (d, d) of rows X as they are stored.

    They are those of features divided by `scales` (d,). All d singular values are known. Those that rounding may have
    made are 0.
    """
    matrix = moments.center_gram(products)
    matrix /= np.outer(scales, scales)
    eigenvalues, vectors = decompose_matrix(matrix, count)
    rounding = np.finfo(np.float64).eps * len(matrix) * max(eigenvalues[0], 0)
    eigenvalues[eigenvalues < rounding] = 0
    total = float((moments.squares / scales**2).sum())
    return make_components(eigenvalues, vectors, scales, total)


def decompose_matrix(matrix: Float64s, count: int) -> tuple[Float64s, Float64s]:
    """Return all eigenvalues of a symmetric matrix (d, d), the largest first, and the first `count` eigenvectors.

    Where these are few, they are searched for: all of them would take several times as long as the eigenvalues alone.
    """
    if len(matrix) >= FEWEST_SEARCHED and count * SEARCHED_SHARE <= len(matrix):
        vectors = search_eigenvectors(matrix, count)
        if vectors is not None:
            return np.linalg.eigvalsh(matrix)[::-1].copy(), vectors
    eigenvalues, vectors = np.linalg.eigh(matrix)
    return eigenvalues[::-1].copy(), vectors[:, ::-1][:, :count]


def search_eigenvectors(matrix: Float64s, count: int) -> Float64s | None:
    """Return the first eigenvectors (d, count) of a symmetric matrix (d, d); None where it takes too many products."""
    start = np.random.default_rng(0).standard_normal((len(matrix), count + SEARCH_MARGIN))
    krylov = Krylov(start, matrix @ start, count, min(len(matrix), BASIS_BLOCKS * start.shape[1]))
    for _ in range(MOST_PRODUCTS):
        if not krylov.block.shape[1] or krylov.measure_residual() <= TOLERANCE:
            return krylov.find_eigenvectors()[1]
        krylov.add_product(matrix @ krylov.block)
    return None
