"""Floats as Python writes them, many at once."""

import numpy as np
import orjson
from numpy.typing import NDArray

_FEW = 8
_SMALLEST, _LARGEST = 1e-3, 1e15  # between them neither Python nor orjson writes an exponent, whose form differs


def write_numbers(values: NDArray[np.float32] | NDArray[np.int64]) -> list[str]:
    """Write the numbers (n,), each as `repr` does for a float64: with the fewest digits that tell it from any other."""
    numbers = values.tolist()
    if values.dtype.kind != "f" or len(numbers) < _FEW:
        return list(map(repr, numbers))
    texts = orjson.dumps(numbers)[1:-1].decode("ascii").split(",")
    sizes = np.abs(values)
    for i in np.flatnonzero(((sizes < _SMALLEST) | (sizes >= _LARGEST)) & (sizes > 0)).tolist():
        texts[i] = repr(numbers[i])
    return texts


def write_rows(
    column: NDArray[np.float32] | NDArray[np.int64], opening: str, separator: str, closing: str
) -> list[str]:
    """Write each row of a column (n,) or (n, K); those of the latter as lists."""
    texts = write_numbers(column.ravel())
    if column.ndim == 1:
        return texts
    width = column.shape[1]
    return [opening + separator.join(texts[i : i + width]) + closing for i in range(0, len(texts), width)]
