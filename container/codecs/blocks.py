"""What codecs hand over: matrices of float32, and for training in blocks of a bounded size."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Block = tuple[Matrix, Matrix]
Columns = Mapping[str, NDArray[np.float32] | NDArray[np.int64]]

# Small enough to stay in a processor's cache between reading and decoding: measured twice as fast as 32 MB.
BLOCK_BYTES = 4 << 20


def first_bad(values: Matrix) -> tuple[int, int] | None:
    """Find the first value of `values` (n, d) that is NaN or infinite, as (row, column) from 0."""
    finite = np.isfinite(values)
    if finite.all():
        return None
    row, column = np.argwhere(~finite)[0]
    return int(row), int(column)
