"""Sums over rows by the native library; see gram.c.

Tests: tests/pca/sums/test_gram.py, tests/pca/sums/test_products.py, tests/pca/sums/test_columns.py.
"""

import ctypes
from collections.abc import Callable

import numpy as np

from open_algorithms.learning.engine.native.library import MOST_PARTS, Library, NativeJob, SharedWork
from open_algorithms.learning.rows.csr import Csr, Dense, Features
from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.pca.sums.totals import ColumnTotals, GramTotals

PANEL_NUMBERS = 2**16  # of a slab of rows, which stay in the second cache


class GramJob(NativeJob):
    """The C structure `gram`."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("rows", "features", "stride")),
        *((name, ctypes.c_void_p) for name in ("X", "panels", "sums", "products", "parts")),
    )


class ProductsJob(NativeJob):
    """The C structure `dense_products`."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("rows", "features", "stride", "columns", "slab_rows")),
        *((name, ctypes.c_void_p) for name in ("X", "V", "panels", "sums", "scores", "products", "parts")),
    )


class SparseGramJob(NativeJob):
    """The C structure `sparse_gram`."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("rows", "features", "columns")),
        *((name, ctypes.c_void_p) for name in ("values", "indices", "row_ends", "V", "products", "parts")),
    )


class NativeGram:
    """Sums of X'X of dense rows; each part of the work has its own."""

    def __init__(self, features: int, library: Library, parts: int) -> None:
        self.library, self.work = library.functions, SharedWork(min(parts, MOST_PARTS))
        self.features, self.rows, group = features, 0, self.library.gram_group()
        groups = -(-features // group)
        self.panels = np.empty((self.work.count, groups * self.library.gram_slab_rows() * group))
        self.sums = np.zeros((self.work.count, groups * group))
        self.products = np.zeros((self.work.count, groups, groups, group, group))

    def add_block(self, X: Features) -> None:
        """Add dense rows X (n, d)."""
        X = align_rows(X)
        job = GramJob(rows=len(X), features=self.features, stride=X.strides[0] // X.itemsize, parts=self.work.address)
        job.X, job.held = X.ctypes.data, [X]
        job.panels, job.sums, job.products = map(job.hold, (self.panels, self.sums, self.products))
        self.work.begin()
        self.work.run(lambda number: self.library.add_gram(ctypes.byref(job), number))
        self.rows += len(X)

    def take_totals(self) -> GramTotals:
        """Return the sums so far, with both halves of the products."""
        total, d = sum_in_place(self.products), self.features
        width = total.shape[0] * total.shape[2]
        products = mirror_upper(total.transpose(0, 2, 1, 3).reshape(width, width)[:d, :d])
        columns = ColumnTotals(self.rows, self.sums.sum(axis=0)[:d], products.diagonal().copy())
        return GramTotals(columns, products)


class NativeProducts:
    """Sums of X'(X V) of dense rows for V (d, k); each part of the work has its own."""

    def __init__(self, V: Float64s, library: Library, parts: int) -> None:
        self.library, self.work, self.shape = library.functions, SharedWork(min(parts, MOST_PARTS)), V.shape
        group, slab = self.library.gram_group(), self.library.gram_slab_rows()
        groups, lines = -(-V.shape[0] // group), -(-V.shape[1] // group)
        self.V = np.zeros((groups * group, lines * group))
        self.V[: V.shape[0], : V.shape[1]] = V
        self.slab_rows = min(slab, max(1, PANEL_NUMBERS // (groups * group * group)) * group)
        self.panels = np.zeros((self.work.count, groups, self.slab_rows, group))
        self.sums = np.zeros((self.work.count, groups * group))
        self.scores = np.zeros((self.work.count, lines, slab, group))
        self.products = np.zeros((self.work.count, groups, lines, group, group))

    def add_block(self, X: Features) -> None:
        """Add dense rows X (n, d)."""
        X = align_rows(X)
        job = ProductsJob(rows=len(X), features=self.shape[0], columns=self.V.shape[1], slab_rows=self.slab_rows)
        job.X, job.stride, job.held, job.parts = X.ctypes.data, X.strides[0] // X.itemsize, [X], self.work.address
        job.V, job.panels, job.sums = map(job.hold, (self.V, self.panels, self.sums))
        job.scores, job.products = map(job.hold, (self.scores, self.products))
        self.work.begin()
        self.work.run(lambda number: self.library.add_products(ctypes.byref(job), number))

    def take_products(self) -> Float64s:
        """Return the sums so far, (d, k)."""
        total = sum_in_place(self.products)
        features, columns = self.shape
        return total.transpose(0, 2, 1, 3).reshape(len(self.V), -1)[:features, :columns]


def align_rows(X: Features) -> Dense:
    """Return dense rows X (n, d) whose numbers lie together, row by row."""
    assert not isinstance(X, Csr)
    return X if X.strides[1] == X.itemsize and X.dtype == np.float32 else np.ascontiguousarray(X, np.float32)


class NativeSparseColumns:
    """Sums of features of sparse rows, and of their squares; each part of the work has its own."""

    def __init__(self, features: int, library: Library, parts: int) -> None:
        self.rows, self.adder = 0, SparseAdder(library, parts, (features, 2))

    def add_block(self, X: Features) -> None:
        """Add sparse rows X (n, d)."""
        self.adder.add(X, self.adder.library.add_sparse_columns)
        self.rows += X.shape[0]

    def take_totals(self) -> ColumnTotals:
        """Return the sums so far."""
        sums, squares = self.adder.add_parts().T.copy()
        return ColumnTotals(self.rows, sums, squares)


class NativeSparseGram:
    """Sums of X'X of sparse rows; each part of the work has its own."""

    def __init__(self, features: int, library: Library, parts: int) -> None:
        self.adder = SparseAdder(library, parts, (features, features))
        self.columns = NativeSparseColumns(features, library, parts)

    def add_block(self, X: Features) -> None:
        """Add sparse rows X (n, d)."""
        self.adder.add(X, self.adder.library.add_sparse_gram)
        self.columns.add_block(X)

    def take_totals(self) -> GramTotals:
        """Return the sums so far, with both halves of the products."""
        products = mirror_upper(self.adder.add_parts())
        return GramTotals(self.columns.take_totals(), products)


class NativeSparseProducts:
    """Sums of X'(X V) of sparse rows for V (d, k); each part of the work has its own."""

    def __init__(self, V: Float64s, library: Library, parts: int) -> None:
        self.count, group = V.shape[1], library.functions.gram_group()
        shape = (len(V), -(-self.count // group) * group)
        padded = np.zeros(shape)
        padded[:, : self.count] = V
        self.adder = SparseAdder(library, parts, shape, padded)

    def add_block(self, X: Features) -> None:
        """Add sparse rows X (n, d)."""
        self.adder.add(X, self.adder.library.add_sparse_products)

    def take_products(self) -> Float64s:
        """Return the sums so far, (d, k)."""
        return self.adder.add_parts()[:, : self.count]


class SparseAdder:
    """Shares the rows of a sparse block among the parts of the work, each with products (d, w) of its own."""

    def __init__(self, library: Library, parts: int, shape: tuple[int, int], V: Float64s | None = None) -> None:
        self.library, self.work, self.V = library.functions, SharedWork(min(parts, MOST_PARTS)), V
        self.products = np.zeros((self.work.count, *shape))

    def add(self, X: Features, work: Callable[..., object]) -> None:
        """Add rows X (n, d) by a function of the library."""
        assert isinstance(X, Csr)
        _, features, columns = self.products.shape
        job = SparseGramJob(rows=X.shape[0], features=features, columns=columns, parts=self.work.address)
        job.values, job.indices = job.hold(X.data, np.float32), job.hold(X.indices, np.int32)
        job.row_ends, job.products = job.hold(X.indptr, np.int64), job.hold(self.products)
        if self.V is not None:
            job.V = job.hold(self.V)
        self.work.begin()
        self.work.run(lambda number: work(ctypes.byref(job), number))

    def add_parts(self) -> Float64s:
        """Return the sum over the parts, which is taken in the first one's place."""
        return sum_in_place(self.products)


def sum_in_place(parts: Float64s) -> Float64s:
    """Return the sum over the first axis, in the place of its first array."""
    for other in parts[1:]:
        parts[0] += other
    total: Float64s = parts[0]
    return total


def mirror_upper(upper: Float64s) -> Float64s:
    """Return the symmetric matrix (d, d) of which the half from the diagonal on is given; the other half is ignored."""
    whole = np.triu(upper)
    whole += np.triu(whole, 1).T
    return whole
