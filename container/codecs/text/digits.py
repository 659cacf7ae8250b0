"""Columns of numbers as text: the shortest that round-trips, or truncated to 15 decimals."""

from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

Numbers = NDArray[np.float32] | NDArray[np.int64] | NDArray[np.object_]

_FEW_NUMBERS = 8
_SMALLEST, _LARGEST = 1e-3, 1e15  # between them neither Python nor orjson writes an exponent, whose form differs
_MOST_EXACT = 2**53  # up to which a float64 keeps every whole number
_GUARD_DECIMALS = 25  # decimals beyond those that stay, so that rounding does not reach them


def write_plainly(number: float) -> str:
    """Write a number as people do: whole ones without a point.

    >>> write_plainly(3.0), write_plainly(0.5), write_plainly(7)
    ('3', '0.5', '7')
    """
    return repr(int(number)) if abs(number) <= _MOST_EXACT and number == int(number) else repr(number)


def write_numbers(values: Numbers) -> list[str]:
    """Write the numbers (n,), each as `repr` of a Python float or int: with the fewest digits that round-trip.

    Texts are left as they are.
    """
    numbers: list[Any] = values.tolist()
    if values.dtype.kind == "O":
        return numbers
    if values.dtype.kind != "f" or len(numbers) < _FEW_NUMBERS:
        return list(map(repr, numbers))
    texts = orjson.dumps(numbers)[1:-1].decode("ascii").split(",")
    sizes = np.abs(values)
    for i in np.flatnonzero(((sizes < _SMALLEST) | (sizes >= _LARGEST)) & (sizes > 0)).tolist():
        texts[i] = repr(numbers[i])
    return texts


def write_truncated(values: Numbers) -> list[str]:
    """Write the numbers (n,); floats without an exponent, truncated (not rounded) to 15 decimals."""
    if values.dtype.kind != "f":
        return write_numbers(values)
    texts = [f"{value:.40f}"[:-_GUARD_DECIMALS].rstrip("0") for value in values.tolist()]
    return [text + "0" if text.endswith(".") else text for text in texts]


def write_column_rows(
    column: Numbers,
    opening: str,
    separator: str,
    closing: str,
    write: Callable[[Numbers], list[str]] = write_numbers,
) -> list[str]:
    """Write each row of a column (n,) or (n, K); K values are joined by `separator` between `opening` and `closing`."""
    texts = write(column.ravel())
    if column.ndim == 1:
        return texts
    width = column.shape[1]
    return [opening + separator.join(texts[i : i + width]) + closing for i in range(0, len(texts), width)]
