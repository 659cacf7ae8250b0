"""What codecs hand over: matrices of float32, dense or sparse, and for training in blocks of a bounded size."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


class Sparse(NamedTuple):
    """Rows of a sparse matrix, compressed by rows (CSR); the columns of a row rise and none comes twice.

    `data` and `indices` are (values,), `indptr` is (n + 1,). The number of columns in `shape` is None where the data
    does not tell it.
    """

    data: Matrix
    indices: NDArray[np.int32]
    indptr: NDArray[np.int64]
    shape: tuple[int, int | None]


Features = Matrix | Sparse
Block = tuple[Features, Matrix]
Tell = Callable[[Sequence[str]], None]
Columns = Mapping[str, NDArray[np.float32] | NDArray[np.int64]]


class Encoding(NamedTuple):
    """How named columns are written: `encode` writes some rows, the others stand around and between what it writes."""

    encode: Callable[[Columns], bytes]
    opening: bytes = b""
    separator: bytes = b""
    closing: bytes = b""


def forget(names: Sequence[str]) -> None:
    """Be told the names of the features and do nothing."""


# Small enough to stay in a processor's cache between reading and decoding: measured twice as fast as 32 MB.
BLOCK_BYTES = 4 << 20


def all_finite(values: NDArray[Any]) -> bool:
    """Tell whether no value is NaN or infinite; in one pass, unless some are so large that their squares overflow."""
    flat = values.ravel()
    return math.isfinite(flat.dot(flat)) or bool(np.isfinite(flat).all())


def first_bad(values: Matrix) -> tuple[int, int] | None:
    """Find the first value of `values` (n, d) that is NaN or infinite, as (row, column) from 0."""
    finite = np.isfinite(values)
    if finite.all():
        return None
    row, column = np.argwhere(~finite)[0]
    return int(row), int(column)
