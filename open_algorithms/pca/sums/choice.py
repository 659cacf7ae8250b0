"""Choose who sums: the native library where it is built and does it faster, numpy elsewhere.

Tests: tests/pca/sums/test_gram.py, tests/pca/sums/test_products.py, tests/pca/sums/test_columns.py.
"""

from open_algorithms.learning.engine.native.library import find_library
from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.pca.sums.native import (
    NativeGram,
    NativeProducts,
    NativeSparseColumns,
    NativeSparseGram,
    NativeSparseProducts,
)
from open_algorithms.pca.sums.plain import PlainColumns, PlainGram, PlainProducts
from open_algorithms.pca.sums.totals import Columns, Gram, Products


def choose_columns(features: int, *, is_sparse: bool, parts: int) -> Columns:
    """Return who sums the features of dense or sparse rows, and their squares."""
    library = find_library()
    if library is None or not is_sparse:
        return PlainColumns(features)
    return NativeSparseColumns(features, library, parts)


def choose_gram(features: int, *, is_sparse: bool, parts: int) -> Gram:
    """Return who sums X'X of dense or sparse rows; each part, on a processor of its own, takes 8 d^2 bytes."""
    library = find_library()
    if library is None:
        return PlainGram(features)
    return (NativeSparseGram if is_sparse else NativeGram)(features, library, parts)


def choose_products(V: Float64s, *, is_sparse: bool, parts: int) -> Products:
    """Return who sums X'(X V) of dense or sparse rows; each part takes some 8 d k bytes."""
    library = find_library()
    if library is None:
        return PlainProducts(V)
    return (NativeSparseProducts if is_sparse else NativeProducts)(V, library, parts)
