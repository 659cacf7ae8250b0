"""Distances from centers are those taken one by one, dense as sparse."""

import numpy as np
import pytest

from open_algorithms.k_means.clustering.sampling import hold_dense, hold_sparse
from open_algorithms.k_means.measuring.distances import own_distances
from open_algorithms.learning.rows.csr import as_csr
from tests.k_means.jobs import draw_rows

X = np.where(abs(draw_rows(300)) > 1, draw_rows(300), 0).astype(np.float32)
X[7] = 0
CENTERS = draw_rows(5, seed=1).astype(np.float64)
LABELS = np.random.default_rng(2).integers(0, 5, len(X))


@pytest.mark.parametrize("sparse", [False, True])
def test_they_are_those_taken_one_by_one(sparse: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("open_algorithms.k_means.measuring.distances.NUMBERS_AT_ONCE", 100)
    found = own_distances(hold_sparse(as_csr(X)) if sparse else hold_dense(X), CENTERS, LABELS)
    expected = [np.square(row - CENTERS[label]).sum() for row, label in zip(X.astype(np.float64), LABELS, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_a_sparse_row_that_is_a_center_is_not_below_zero_away() -> None:
    rows = hold_sparse(as_csr(X))
    found = own_distances(rows, X.astype(np.float64), np.arange(len(X)))
    assert found.min() >= 0
    assert found.max() < 1e-12
