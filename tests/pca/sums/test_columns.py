"""Sums of features are those of float64."""

import numpy as np
import pytest

from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.pca.sums.columns import ColumnSums
from tests.pca.data import draw_sparse_rows


@pytest.mark.parametrize("sparse", [False, True])
def test_sums_and_squares_are_those_of_numpy(sparse: bool) -> None:
    X, sums = draw_sparse_rows(100, 13), ColumnSums(13)
    for part in np.array_split(X, 4):
        sums.add_block(as_csr(part) if sparse else part)
    totals = sums.take_totals()
    assert totals.rows == 100
    np.testing.assert_allclose(totals.sums, X.sum(axis=0, dtype=np.float64), rtol=1e-12)
    np.testing.assert_allclose(totals.squares, (X.astype(np.float64) ** 2).sum(axis=0), rtol=1e-12)
