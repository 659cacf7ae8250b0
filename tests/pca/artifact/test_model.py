"""Rows are projected about the mean, dense and sparse alike."""

import numpy as np

from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.pca.artifact.model import ComponentModel
from tests.pca.data import draw_rows, draw_sparse_rows

MODEL = ComponentModel(draw_rows(9, 3), draw_rows(1, 9)[0], np.arange(3, dtype=np.float32))


def test_a_projection_is_the_product_of_the_row_less_the_mean() -> None:
    rows = draw_rows(20, 9, seed=3)
    found = MODEL.predict(rows)["projection"]
    assert found.dtype == np.float32
    expected = (rows.astype(np.float64) - MODEL.mean) @ MODEL.loadings.astype(np.float64)
    np.testing.assert_array_equal(found, expected.astype(np.float32))


def test_sparse_rows_are_projected_as_dense_ones() -> None:
    rows = draw_sparse_rows(20, 9)
    np.testing.assert_allclose(
        MODEL.predict(as_csr(rows))["projection"], MODEL.predict(rows)["projection"], rtol=1e-5, atol=1e-6
    )


def test_a_row_is_answered_the_same_whatever_follows_it() -> None:
    rows = draw_rows(300, 9, seed=3)
    together = MODEL.predict(rows)["projection"]
    np.testing.assert_array_equal(np.concatenate([MODEL.predict(row[None])["projection"] for row in rows]), together)


def test_numbers_far_from_0_keep_their_digits_in_float64() -> None:
    rows = draw_rows(20, 9, seed=3).astype(np.float64)
    far = ComponentModel(MODEL.loadings, MODEL.mean.astype(np.float64) + 1e9, MODEL.singular_values)
    np.testing.assert_allclose(
        far.predict(rows + 1e9)["projection"], MODEL.predict(rows)["projection"], rtol=1e-4, atol=1e-5
    )


def test_the_shares_of_the_variance_are_those_of_the_components_that_are_kept() -> None:
    known = ComponentModel(
        MODEL.loadings, MODEL.mean, MODEL.singular_values, facts={"explained_variance_ratios": [0.5, 0.3, 0.1, 0.1]}
    )
    assert known.explained_ratios == [0.5, 0.3, 0.1]
    assert MODEL.explained_ratios is None
