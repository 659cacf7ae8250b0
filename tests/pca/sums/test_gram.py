"""Sums of products are those of float64, whoever takes them."""

import ctypes

import numpy as np
import pytest

from open_algorithms.learning.engine.native.library import find_library
from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.types.arrays import Float32s
from open_algorithms.pca.sums.choice import choose_gram
from open_algorithms.pca.sums.native import GramJob, NativeGram, NativeSparseGram, SparseGramJob
from open_algorithms.pca.sums.plain import PlainGram
from open_algorithms.pca.sums.totals import Gram
from tests.pca.data import draw_rows, draw_sparse_rows

KINDS = ("dense", "sparse", "plain", "plain sparse")


def make_gram(kind: str, features: int, parts: int = 2) -> Gram:
    library = find_library()
    if kind.startswith("plain"):
        return PlainGram(features)
    if library is None:
        pytest.skip("the native library is not built")
    return (NativeGram if kind == "dense" else NativeSparseGram)(features, library, parts)


def add_blocks(gram: Gram, X: Float32s, kind: str) -> None:
    for part in np.array_split(X, 3):
        gram.add_block(as_csr(part) if "sparse" in kind else part)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("features", [1, 3, 8, 9, 24, 37])
@pytest.mark.parametrize("rows", [1, 2, 300])
def test_they_are_those_of_numpy_in_float64(kind: str, rows: int, features: int) -> None:
    X = (draw_sparse_rows if "sparse" in kind else draw_rows)(rows, features)
    gram, wide = make_gram(kind, features), X.astype(np.float64)
    add_blocks(gram, X, kind)
    totals = gram.take_totals()
    np.testing.assert_allclose(totals.products, wide.T @ wide, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(totals.products, totals.products.T)
    np.testing.assert_allclose(totals.columns.sums, wide.sum(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(totals.columns.squares, (wide**2).sum(axis=0), rtol=1e-12)
    assert totals.columns.rows == rows


@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_they_are_the_same_for_any_number_of_threads(kind: str) -> None:
    X, found = draw_sparse_rows(500, 20), []
    for parts in (1, 2, 5):
        gram = make_gram(kind, 20, parts)
        add_blocks(gram, X, kind)
        found.append(gram.take_totals().products)
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=1e-13, atol=1e-13)


def test_rows_may_be_views_of_a_wider_matrix() -> None:
    X = draw_rows(50, 12)
    gram, other = make_gram("dense", 11), make_gram("dense", 11)
    gram.add_block(X[:, :-1])
    other.add_block(X[:, :-1].copy())
    np.testing.assert_array_equal(gram.take_totals().products, other.take_totals().products)


@pytest.mark.native
def test_the_native_library_takes_the_sums_where_it_is_built() -> None:
    assert isinstance(choose_gram(3, is_sparse=False, parts=1), NativeGram)
    assert isinstance(choose_gram(3, is_sparse=True, parts=1), NativeSparseGram)


@pytest.mark.native
def test_the_structures_of_the_library_are_as_large_as_ours() -> None:
    library = find_library()
    assert library is not None
    assert library.functions.gram_size() == ctypes.sizeof(GramJob)
    assert library.functions.sparse_gram_size() == ctypes.sizeof(SparseGramJob)
