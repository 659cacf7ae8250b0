"""What codecs hand over: matrices of float32, dense or sparse, and for training in blocks of a bounded size."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
Doubles = NDArray[np.float64]
Columns = Mapping[str, NDArray[np.float32] | NDArray[np.int64]]


class Encoding(NamedTuple):
    """How named columns are written: `encode` writes some rows, the others stand around and between what it writes."""

    encode: Callable[[Columns], bytes]
    opening: bytes = b""
    separator: bytes = b""
    closing: bytes = b""


def take_all(names: Sequence[str]) -> Sequence[int] | None:
    """Take the columns as they lie."""
    return None


def shift_none(sample: Callable[[], Doubles | None]) -> Doubles | None:
    """Subtract nothing."""
    return None


def forget(text: str) -> None:
    """Be warned and do nothing."""


@dataclass(frozen=True)
class Guide:
    """What a decoder asks of whoever wants the rows.

    `arrange(names)` gives the numbers of the columns to take, in their order, the label of training data first; None
    means all, as they lie. `shift(sample)` gives what to subtract from each feature (d,) before it is rounded to
    float32, None for nothing; `sample()` shows it the first features (n, d), None where they cannot be read. `warn` is
    told what a person should know. Where features are to be `exact`, those of a request are left in float64.
    """

    arrange: Callable[[Sequence[str]], Sequence[int] | None] = take_all
    shift: Callable[[Callable[[], Doubles | None]], Doubles | None] = shift_none
    warn: Callable[[str], None] = forget
    exact: bool = False

    @property
    def kind(self) -> Any:
        """The type of the features of a request."""
        return np.float64 if self.exact else np.float32


PLAIN = Guide()

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
