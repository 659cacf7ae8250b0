"""Sparse matrices in compressed row form (CSR)."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class Csr(NamedTuple):
    """A sparse matrix; the values of row i are `data[indptr[i]:indptr[i + 1]]`.

    The columns of these values are `indices` of the same range, ascending without repetition. The number of columns in
    `shape` is None where the data does not say.
    """

    data: NDArray[np.float32]
    indices: NDArray[np.int32]
    indptr: NDArray[np.int64]
    shape: tuple[int, int | None]


class CsrLike(Protocol):
    """Any object with the four attributes of a CSR matrix."""

    @property
    def data(self) -> NDArray[np.float32]:
        """The stored values."""

    @property
    def indices(self) -> NDArray[np.int32]:
        """The column of each value."""

    @property
    def indptr(self) -> NDArray[np.int64]:
        """The offset at which each row starts, and the end of the last."""

    @property
    def shape(self) -> tuple[int, int | None]:
        """The numbers of rows and columns."""


Features = NDArray[Any] | CsrLike

TERMS_AT_ONCE = 2**16  # of a product that are held at once


def slice_rows(X: CsrLike, first: int, last: int) -> Csr:
    """Return rows `first` to `last` of X as views of its values."""
    start, stop = X.indptr[first], X.indptr[last]
    indptr = X.indptr[first : last + 1] - start
    return Csr(X.data[start:stop], X.indices[start:stop], indptr, (last - first, X.shape[1]))


def choose_rows(X: CsrLike, rows: NDArray[Any]) -> Csr:
    """Copy the rows with these indices, in this order."""
    starts = X.indptr[rows]
    counts = X.indptr[rows + 1] - starts
    indptr = np.concatenate([[0], np.cumsum(counts)])
    places = np.repeat(starts - indptr[:-1], counts) + np.arange(indptr[-1])
    return Csr(X.data[places], X.indices[places], indptr, (len(rows), X.shape[1]))


def stack_rows(parts: Sequence[Csr]) -> Csr:
    """Stack matrices vertically.

    The width is that of the first part that has one, otherwise just enough for all columns used.
    """
    ends = np.cumsum([0, *(len(part.data) for part in parts)])
    indptr = np.concatenate([[0], *(part.indptr[1:] + end for part, end in zip(parts, ends, strict=False))])
    indices = np.concatenate([part.indices for part in parts])
    width = next((part.shape[1] for part in parts if part.shape[1] is not None), None)
    used = int(indices.max(initial=-1)) + 1
    return Csr(
        np.concatenate([part.data for part in parts]),
        indices,
        indptr,
        (len(indptr) - 1, used if width is None else width),
    )


def as_csr(X: Features) -> Csr:
    """Return a matrix in CSR form; sparse input is not copied."""
    return compress_matrix(X) if isinstance(X, np.ndarray) else Csr(X.data, X.indices, X.indptr, X.shape)


def as_dense(X: Features) -> NDArray[Any]:
    """Return a dense matrix; dense input is not copied."""
    return X if isinstance(X, np.ndarray) else expand_rows(X)


def compress_matrix(X: NDArray[Any]) -> Csr:
    """Convert a dense matrix to CSR form."""
    rows, columns = np.nonzero(X)
    indptr = np.append(0, np.cumsum(np.bincount(rows, minlength=len(X))))
    return Csr(X[rows, columns], columns.astype(np.int32), indptr, (len(X), X.shape[1]))


def expand_rows(X: CsrLike) -> NDArray[np.float32]:
    """Convert sparse rows to a dense matrix."""
    result = np.zeros((X.shape[0], int(X.shape[1] or 0)), np.float32)
    result[np.repeat(np.arange(X.shape[0]), np.diff(X.indptr)), X.indices] = X.data
    return result


def csr_matmul(X: CsrLike, W: NDArray[Any]) -> NDArray[np.float64]:
    """Return X W, (n, K), for X (n, d) and W (d, K), summed in float64."""
    result = np.zeros((X.shape[0], W.shape[1]))
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


def term_products(values: NDArray[Any], columns: NDArray[Any], W: NDArray[Any]) -> NDArray[np.float64]:
    """Multiply each of the values (v,) by its column's row of W (d, K): (K, v)."""
    return np.multiply(W.take(columns, axis=0).T, values, dtype=np.float64, order="C")
