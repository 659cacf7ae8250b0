"""Feature matrices, dense or sparse in compressed row form (CSR), and what is done to both alike.

Tests: tests/linear_learner/objective/test_model.py, tests/linear_learner/bank/operators/test_sparse.py,
tests/learning/rows/test_kept.py.
"""

from collections.abc import Sequence
from typing import NamedTuple, overload

import numpy as np

from open_algorithms.learning.types.arrays import Float32s, Float64s, Floats, Int32s, Int64s

MOST_GROWTH = 8  # times as many numbers that sparse rows may have once they are dense
TERMS_AT_ONCE = 2**16  # of a product that are held at once
SHORT_ROW = 4  # terms at most, which are added up faster by their place in the row


class Csr(NamedTuple):
    """A sparse matrix; the values of row i are `data[indptr[i]:indptr[i + 1]]`.

    The columns of these values are `indices` of the same range, ascending without repetition. The number of columns in
    `shape` is None where the data does not say.
    """

    data: Float32s
    indices: Int32s
    indptr: Int64s
    shape: tuple[int, int | None]


Dense = Float32s
Features = Dense | Csr
AnyFeatures = Floats | Csr  # also in float64, where float32 would lose digits


@overload
def slice_rows(X: Csr, first: int, last: int) -> Csr: ...


@overload
def slice_rows(X: Features, first: int, last: int) -> Features: ...


def slice_rows(X: Features, first: int, last: int) -> Features:
    """Return rows `first` to `last` of X as views of its values."""
    if not isinstance(X, Csr):
        return X[first:last]
    start, stop = X.indptr[first], X.indptr[last]
    indptr = X.indptr[first : last + 1] - start
    return Csr(X.data[start:stop], X.indices[start:stop], indptr, (last - first, X.shape[1]))


@overload
def take_rows(X: Csr, numbers: Int64s | Int32s) -> Csr: ...


@overload
def take_rows(X: Features, numbers: Int64s | Int32s) -> Features: ...


def take_rows(X: Features, numbers: Int64s | Int32s) -> Features:
    """Copy the rows with these numbers, in this order."""
    if not isinstance(X, Csr):
        return X[numbers]
    starts = X.indptr[numbers]
    counts = X.indptr[numbers + 1] - starts
    indptr = np.concatenate([[0], np.cumsum(counts)])
    places = np.repeat(starts - indptr[:-1], counts) + np.arange(indptr[-1])
    return Csr(X.data[places], X.indices[places], indptr, (len(numbers), X.shape[1]))


def stack_rows(parts: Sequence[Features]) -> Features:
    """Stack matrices vertically: dense or sparse like the first."""
    if isinstance(parts[0], Csr):
        return stack_sparse(list(map(as_csr, parts)))
    return np.concatenate(list(map(as_dense, parts)))


def stack_sparse(parts: Sequence[Csr]) -> Csr:
    """Stack sparse matrices vertically.

    The width is that of the first part that has one, otherwise just enough for all columns used.
    """
    ends = np.cumsum([0, *(len(part.data) for part in parts)])
    indptr = np.concatenate([[0], *(part.indptr[1:] + end for part, end in zip(parts, ends, strict=False))])
    indices = np.concatenate([part.indices for part in parts])
    width = next((part.shape[1] for part in parts if part.shape[1] is not None), None)
    used = max(map(used_width, parts))
    return Csr(
        np.concatenate([part.data for part in parts]),
        indices,
        indptr,
        (len(indptr) - 1, used if width is None else width),
    )


def as_csr(X: Features) -> Csr:
    """Return a matrix in CSR form; sparse input is not copied."""
    return X if isinstance(X, Csr) else compress_matrix(X)


def as_dense(X: Features) -> Dense:
    """Return a dense matrix; dense input is not copied."""
    return expand_rows(X) if isinstance(X, Csr) else X


def used_width(X: Features) -> int:
    """Return the width of dense rows, or just enough columns for all values of sparse ones."""
    return int(X.indices.max(initial=-1)) + 1 if isinstance(X, Csr) else X.shape[1]


def stored_values(X: AnyFeatures) -> Floats:
    """Return the values that are in memory, row after row."""
    return X.data if isinstance(X, Csr) else X.ravel()


def locate_value(X: AnyFeatures, at: int) -> tuple[int, int]:
    """Return row and column of number `at` of the stored values."""
    if isinstance(X, Csr):
        return int(np.searchsorted(X.indptr, at, "right")) - 1, int(X.indices[at])
    return divmod(at, X.shape[1])


def compress_matrix(X: Dense) -> Csr:
    """Convert a dense matrix to CSR form."""
    rows, columns = np.nonzero(X)
    indptr = np.append(0, np.cumsum(np.bincount(rows, minlength=len(X))))
    return Csr(X[rows, columns], columns.astype(np.int32), indptr, (len(X), X.shape[1]))


def fits_dense(rows: float, stored: float, width: int) -> bool:
    """Return whether so many sparse rows with so many stored values take little more room once they are dense."""
    return rows * width <= MOST_GROWTH * (rows + stored)


def expand_rows(X: Csr) -> Dense:
    """Convert sparse rows to a dense matrix."""
    result = np.zeros((X.shape[0], int(X.shape[1] or 0)), np.float32)
    result[np.repeat(np.arange(X.shape[0]), np.diff(X.indptr)), X.indices] = X.data
    return result


def csr_matmul(X: Csr, W: Floats) -> Float64s:
    """Return X W, (n, K), for X (n, d) and W (d, K), summed in float64."""
    result, W = np.zeros((X.shape[0], W.shape[1])), np.ascontiguousarray(W)  # take would copy others at each step
    if np.diff(X.indptr).max(initial=0) <= SHORT_ROW:
        add_products_of_short_rows(X, W, result)
        return result
    filled = (X.indptr[1:] > X.indptr[:-1]).nonzero()[0]
    starts = X.indptr[filled]
    step = max(1, TERMS_AT_ONCE // W.shape[1])
    if 0 < len(X.data) <= step:
        result[filled] += np.add.reduceat(term_products(X.data, X.indices, W), starts, axis=1).T
        return result
    for first in range(0, len(X.data), step):
        part = slice(first, first + step)
        terms = term_products(X.data[part], X.indices[part], W)
        begin, end = np.searchsorted(starts, [first + 1, first + step])
        rows = slice(begin - 1, end)
        result[filled[rows]] += np.add.reduceat(terms, np.maximum(starts[rows] - first, 0), axis=1).T
    return result


def add_products_of_short_rows(X: Csr, W: Floats, result: Float64s) -> None:
    """Add X W to the result (n, K): the products of the second values of rows, of the third, and so on.

    Those of the first are the last, as in numpy's `reduceat`, so that short rows have the same bits among long ones.
    """
    lengths, step = np.diff(X.indptr), max(1, TERMS_AT_ONCE // W.shape[1])
    for first in range(0, len(lengths), step):
        part = slice(first, first + step)
        for place in (*range(1, lengths[part].max()), 0):
            longer = np.flatnonzero(lengths[part] > place)
            terms = X.indptr[first + longer] + place
            products = np.multiply(W.take(X.indices[terms], axis=0), X.data[terms, None], dtype=np.float64)
            if len(longer) == len(lengths[part]):
                result[part] += products
            else:
                result[first + longer] += products


def term_products(values: Float32s, columns: Int32s, W: Floats) -> Float64s:
    """Multiply each of the values (v,) by its column's row of W (d, K): (K, v)."""
    return np.multiply(W.take(columns, axis=0).T, values, dtype=np.float64, order="C")
