"""Products of rows with a few vectors are those of float64, whoever takes them."""

import ctypes

import numpy as np
import pytest

from open_algorithms.learning.engine.native.library import find_library
from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.pca.sums import native
from open_algorithms.pca.sums.choice import choose_products
from open_algorithms.pca.sums.native import NativeProducts, NativeSparseProducts, ProductsJob
from open_algorithms.pca.sums.plain import PlainProducts
from open_algorithms.pca.sums.totals import Products
from tests.pca.data import draw_sparse_rows


def make_products(kind: str, V: Float64s) -> Products:
    library = find_library()
    if kind.startswith("plain"):
        return PlainProducts(V)
    if library is None:
        pytest.skip("the native library is not built")
    return (NativeSparseProducts if "sparse" in kind else NativeProducts)(V, library, 2)


@pytest.mark.parametrize("kind", ["native sparse", "native dense", "plain sparse", "plain dense"])
@pytest.mark.parametrize("columns", [1, 7, 8, 24, 33, 70])
def test_they_are_those_of_numpy_in_float64(kind: str, columns: int) -> None:
    X = draw_sparse_rows(120, 31)
    X[7:9] = 0
    V, wide = np.random.default_rng(1).normal(size=(31, columns)), X.astype(np.float64)
    products = make_products(kind, V)
    for part in np.array_split(X, 3):
        products.add_block(as_csr(part) if "sparse" in kind else part)
    np.testing.assert_allclose(products.take_products(), wide.T @ (wide @ V), rtol=1e-12, atol=1e-12)


@pytest.mark.native
def test_the_native_library_takes_them_where_it_is_built() -> None:
    library = find_library()
    assert library is not None
    assert library.functions.dense_products_size() == ctypes.sizeof(ProductsJob)
    assert isinstance(choose_products(np.zeros((3, 2)), is_sparse=True, parts=1), NativeSparseProducts)
    assert isinstance(choose_products(np.zeros((3, 2)), is_sparse=False, parts=1), NativeProducts)


@pytest.mark.native
@pytest.mark.parametrize("features", [1, 8, 31, 300])
@pytest.mark.parametrize("rows", [1, 7, 8, 130])
def test_any_number_of_rows_and_features_fits_the_slabs(
    rows: int, features: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "PANEL_NUMBERS", 5000)
    X, V = draw_sparse_rows(rows, features), np.random.default_rng(1).normal(size=(features, 9))
    products, wide = make_products("native dense", V), X.astype(np.float64)
    products.add_block(X)
    np.testing.assert_allclose(products.take_products(), wide.T @ (wide @ V), rtol=1e-12, atol=1e-12)
