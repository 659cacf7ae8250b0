"""Sums of features are those of float64."""

import numpy as np
import pytest

from open_algorithms.learning.engine.native.library import find_library
from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.pca.sums.choice import choose_columns
from open_algorithms.pca.sums.native import NativeSparseColumns
from open_algorithms.pca.sums.plain import PlainColumns
from open_algorithms.pca.sums.totals import Columns
from tests.pca.data import draw_sparse_rows


def make_columns(kind: str) -> Columns:
    library = find_library()
    if kind.startswith("plain"):
        return PlainColumns(13)
    if library is None:
        pytest.skip("the native library is not built")
    return NativeSparseColumns(13, library, 2)


@pytest.mark.parametrize("kind", ["native sparse", "plain sparse", "plain dense"])
def test_sums_and_squares_are_those_of_numpy(kind: str) -> None:
    X, sums = draw_sparse_rows(100, 13), make_columns(kind)
    for part in np.array_split(X, 4):
        sums.add_block(as_csr(part) if "sparse" in kind else part)
    totals = sums.take_totals()
    assert totals.rows == 100
    np.testing.assert_allclose(totals.sums, X.sum(axis=0, dtype=np.float64), rtol=1e-12)
    np.testing.assert_allclose(totals.squares, (X.astype(np.float64) ** 2).sum(axis=0), rtol=1e-12)


@pytest.mark.native
def test_the_native_library_takes_those_of_sparse_rows() -> None:
    assert isinstance(choose_columns(3, is_sparse=True, parts=1), NativeSparseColumns)
    assert isinstance(choose_columns(3, is_sparse=False, parts=1), PlainColumns)
