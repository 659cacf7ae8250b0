"""The values that codecs exchange with the rest: float32 matrices, dense or sparse, in blocks of bounded size.

Tests: tests/container/codecs/test_recordio.py, tests/container/codecs/test_parquet.py,
tests/container/web/test_application.py.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from container.rows.asked import AskedTable
from open_algorithms.learning.rows.csr import Csr

Matrix = NDArray[np.float32]
FloatType = type[np.floating[Any]]  # float32 or float64


Features = Matrix | Csr
Block = tuple[Features, Matrix]
Doubles = NDArray[np.float64]
AnswerColumns = Mapping[str, NDArray[np.float32] | NDArray[np.int64] | NDArray[np.object_]]


class AnswerEncoding(NamedTuple):
    """How an answer is written: `encode` writes rows, the other texts go before, between and after them.

    In `opening`, %(key)s stands for the quoted key of the list of answers. `write_text` writes a text as a value; None
    where values are numbers only. A column of such texts, an array of objects, is written as it is. `write_header`
    writes a line of names; None where there is none.
    """

    encode: Callable[[AnswerColumns], bytes]
    opening: bytes = b""
    separator: bytes = b""
    closing: bytes = b""
    write_text: Callable[[str], str] | None = None
    write_header: Callable[[Sequence[str]], bytes] | None = None


def take_all_columns(names: Sequence[str]) -> Sequence[int] | None:
    """Keep all columns in their order."""
    return None


def choose_no_shift(sample: Callable[[], Doubles | None]) -> Doubles | None:
    """Subtract nothing from the features."""
    return None


def ignore_warning(text: str) -> None:
    """Ignore a warning."""


@dataclass(frozen=True)
class DecodeOptions:
    """Callbacks and options of a decoder.

    `arrange_columns(names)` returns the indices of the columns to read, in order, the label of training data first;
    None means all as they are. `choose_shift(sample_features)` returns what to subtract from each feature, (d,), before
    it is rounded to float32, or None; `sample_features()` returns the first features (n, d), or None if they cannot be
    read. `warn(text)` receives what the user should know. With `keep_float64`, the features of a request stay float64.
    `labelled` tells whether the rows of training data have labels; without, theirs are (n, 0). `table` tells how the
    rows of a request become features, where they are those of a table.
    """

    arrange_columns: Callable[[Sequence[str]], Sequence[int] | None] = take_all_columns
    choose_shift: Callable[[Callable[[], Doubles | None]], Doubles | None] = choose_no_shift
    warn: Callable[[str], None] = ignore_warning
    keep_float64: bool = False
    labelled: bool = True
    table: AskedTable | None = None

    @property
    def dtype(self) -> FloatType:
        """The dtype of the features of a request: float32, or float64 with `keep_float64`."""
        return np.float64 if self.keep_float64 else np.float32


DEFAULT_OPTIONS = DecodeOptions()


FeaturesT = TypeVar("FeaturesT", bound=Features)


def without_labels(X: FeaturesT) -> tuple[FeaturesT, Matrix]:
    """Return unlabelled rows (n, d) as a block, with labels (n, 0)."""
    return X, np.empty((X.shape[0], 0), np.float32)


NO_OVERFLOW = 2.0**-32  # times a float32 value, so that a row of them has a sum

# Small enough to stay in a processor's cache between reading and decoding: measured twice as fast as 32 MB.
BLOCK_BYTES = 4 << 20


@np.errstate(over="ignore", invalid="ignore")
def all_finite(values: NDArray[Any]) -> bool:
    """Tell whether no value is NaN or infinite: one pass, or a second one if a sum overflows."""
    if values.ndim == 2 and not values.flags.c_contiguous:
        sums = values @ np.full(values.shape[1], NO_OVERFLOW, values.dtype)
        return bool(np.isfinite(sums).all()) or bool(np.isfinite(values).all())
    flat = values.ravel()
    return math.isfinite(flat.dot(flat)) or bool(np.isfinite(flat).all())


def first_non_finite(values: Matrix) -> tuple[int, int] | None:
    """Return (row, column) of the first value of `values` (n, d) that is NaN or infinite; None if all are finite."""
    finite = np.isfinite(values)
    if finite.all():
        return None
    row, column = np.argwhere(~finite)[0]
    return int(row), int(column)
