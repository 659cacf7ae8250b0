"""Eigenvalues found by products alone are those of numpy."""

import numpy as np
import pytest

from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.pca.solving.krylov import Krylov


def make_matrix(eigenvalues: Float64s, seed: int = 0) -> Float64s:
    size = len(eigenvalues)
    Q = np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))[0]
    return np.asarray((Q * eigenvalues) @ Q.T)


def search(A: Float64s, count: int, width: int, basis_size: int, most: int = 300) -> Krylov:
    start = np.random.default_rng(1).normal(size=(len(A), width))
    krylov = Krylov(start, A @ start, count, basis_size)
    while most and krylov.block.shape[1] and krylov.measure_residual() > 1e-6:
        krylov.add_product(A @ krylov.block)
        most -= 1
    assert most
    return krylov


SPECTRA = {
    "falling": 0.9 ** np.arange(80),
    "flat": np.linspace(1, 0.5, 80),
    "twice the same": np.repeat(0.8 ** np.arange(40), 2),
    "of rank 3": np.array([3.0, 2, 1] + [0] * 77),
    "of rank 0": np.zeros(80),
    "of huge range": 10.0 ** -np.arange(80),
    "all the same": np.ones(80),
}


@pytest.mark.parametrize("name", SPECTRA)
@pytest.mark.parametrize(("width", "basis_size"), [(5, 15), (8, 30), (20, 400)])
def test_the_largest_eigenvalues_are_found(name: str, width: int, basis_size: int) -> None:
    A = make_matrix(SPECTRA[name])
    krylov = search(A, 5, width, basis_size)
    values, vectors = krylov.find_eigenvectors()
    np.testing.assert_allclose(values, np.sort(SPECTRA[name])[::-1][:5], rtol=2e-6, atol=1e-11)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(5), atol=1e-9)
    np.testing.assert_allclose(A @ vectors, vectors * values, atol=2e-6)


def test_the_whole_space_is_found_once_the_basis_fills_it() -> None:
    A = make_matrix(np.linspace(1, 2, 11))
    krylov = search(A, 11, 11, 400)
    np.testing.assert_allclose(krylov.find_eigenvectors()[0], np.linspace(2, 1, 11))
    assert krylov.block.shape[1] == 0


def test_the_residual_is_what_the_product_has_beyond_the_directions() -> None:
    A = make_matrix(np.linspace(1, 2, 50))
    krylov = search(A, 3, 6, 24, most=300)
    values, vectors = krylov.find_eigenvectors()
    lengths = np.linalg.norm(A @ vectors - vectors * values, axis=0)
    assert krylov.measure_residual() == pytest.approx((lengths / values).max(), rel=1e-3)
