"""Components of sums of products are those of a singular value decomposition in float64."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from open_algorithms.learning.types.arrays import Float32s, Float64s
from open_algorithms.pca.solving import exact
from open_algorithms.pca.solving.components import Components, fix_signs
from open_algorithms.pca.solving.exact import decompose_matrix, search_eigenvectors, solve_gram
from open_algorithms.pca.solving.moments import Moments
from open_algorithms.pca.sums.passes import RowPasses
from tests.pca.data import draw_rows, draw_sparse_rows, exact_singular_values, hold_rows


def solve(
    X: Float32s, count: int, *, sparse: bool = False, centred: bool = True, normalize: bool = False
) -> Components:
    rows = RowPasses(hold_rows(X, sparse=sparse), parts=2)
    totals = rows.sum_gram()
    moments = Moments.from_totals(totals.columns, rows.shift, is_centred=centred)
    return solve_gram(totals.products, moments, moments.deviations if normalize else np.ones(X.shape[1]), count)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("centred", [False, True])
def test_singular_values_are_those_of_the_rows(sparse: bool, centred: bool) -> None:
    X = draw_sparse_rows(400, 23) if sparse else draw_rows(400, 23)
    found, expected = solve(X, 5, sparse=sparse, centred=centred), exact_singular_values(X, is_centred=centred)
    np.testing.assert_allclose(found.singular_values[:22], expected[:22], rtol=1e-6)
    assert found.singular_values[22] == pytest.approx(expected[22], rel=1e-6, abs=1e-6 * expected[0])
    assert found.total == pytest.approx((expected**2).sum(), rel=1e-7)
    assert found.explained_ratios.sum() == pytest.approx(1)


def test_directions_are_those_of_scikit_learn_up_to_their_signs() -> None:
    X = draw_rows(300, 12)
    found, peer = solve(X, 6), PCA(6, svd_solver="full").fit(X.astype(np.float64))
    np.testing.assert_allclose(np.abs((found.directions * peer.components_.T).sum(axis=0)), 1, rtol=1e-9)
    np.testing.assert_allclose(found.explained_ratios[:6], peer.explained_variance_ratio_, rtol=1e-6)


def test_sparse_rows_have_the_components_of_the_same_dense_rows() -> None:
    X = draw_sparse_rows(200, 15)
    np.testing.assert_allclose(solve(X, 4, sparse=True).directions, solve(X, 4).directions, atol=1e-6)


def test_normalized_features_are_those_divided_by_their_deviations() -> None:
    X = draw_rows(500, 9) * np.float32(10) ** np.arange(9)
    X[:, 4] = 7
    wide = X.astype(np.float64)
    deviations = np.where(np.arange(9) == 4, 1, wide.std(axis=0))
    found = solve(X, 3, normalize=True)
    expected = exact_singular_values(((wide - wide.mean(axis=0)) / deviations).astype(np.float32))
    np.testing.assert_allclose(found.singular_values, expected, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(found.scales, deviations, rtol=1e-6)
    np.testing.assert_allclose(found.loadings, found.directions / deviations[:, None], rtol=1e-6)
    assert found.total == pytest.approx(500 * 8, rel=1e-6)


@pytest.mark.parametrize("spectrum", [0.97 ** np.arange(600), np.linspace(1, 0.9, 600), np.eye(600)[0]])
def test_a_few_of_many_components_are_those_that_all_would_have(spectrum: Float64s) -> None:
    Q = np.linalg.qr(np.random.default_rng(0).normal(size=(600, 600)))[0]
    A = (Q * spectrum) @ Q.T
    eigenvalues, vectors = decompose_matrix(A, 5)
    expected = np.linalg.eigh(A)
    np.testing.assert_allclose(eigenvalues, expected[0][::-1], atol=1e-12)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(5), atol=1e-9)
    np.testing.assert_allclose(A @ vectors, vectors * eigenvalues[:5], atol=2e-7)


def test_what_takes_too_many_products_is_decomposed_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "MOST_PRODUCTS", 1)
    A = np.diag(np.linspace(2, 1, 600))
    assert search_eigenvectors(A, 5) is None
    np.testing.assert_array_equal(np.abs(decompose_matrix(A, 5)[1]), np.eye(600)[:, :5])


HARD = {
    "one row": draw_rows(1, 4),
    "fewer rows than features": draw_rows(3, 8),
    "constant": np.full((20, 5), 1e6, np.float32),
    "zeros": np.zeros((5, 3), np.float32),
    "collinear": np.outer(np.arange(30), [1, 2, 4, 8]).astype(np.float32),
    "one feature": draw_rows(9, 1),
    "far from 0": draw_rows(50, 4) + np.float32(3e4),
    "huge": draw_rows(50, 4) * np.float32(1e30),
    "tiny": draw_rows(50, 4) * np.float32(1e-30),
    "a constant feature": np.hstack([draw_rows(30, 3), np.full((30, 1), 12345.678, np.float32)]),
}


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("normalize", [False, True])
def test_nothing_is_ever_not_a_number(name: str, sparse: bool, normalize: bool) -> None:
    X = HARD[name]
    for count in {1, max(1, X.shape[1] - 1), X.shape[1]}:
        found = solve(X, count, sparse=sparse, normalize=normalize)
        for array in (found.singular_values, found.directions, found.loadings, found.explained_ratios):
            assert np.isfinite(array).all()
        assert np.isfinite(found.total)
        np.testing.assert_allclose(found.directions.T @ found.directions, np.eye(count), atol=1e-9)
        assert (np.diff(found.singular_values) <= 0).all()
        if not normalize:
            expected = exact_singular_values(X)
            size = max(expected[0], 1e-6 * np.linalg.norm(X.astype(np.float64)))
            np.testing.assert_allclose(found.singular_values[: len(expected)], expected, atol=2e-7 * size, rtol=0)


def test_what_does_not_vary_has_no_part_in_components() -> None:
    X = HARD["a constant feature"]
    for sparse in (False, True):
        assert (solve(X, 3, sparse=sparse, normalize=True).directions[3] == 0).all()


def test_the_largest_entry_of_a_direction_is_positive() -> None:
    V = np.array([[0.1, -0.5, 0.6], [-0.9, 0.5, -0.6], [0.2, 0.1, 0.1]])
    np.testing.assert_array_equal(fix_signs(V), V * [-1, -1, 1])
