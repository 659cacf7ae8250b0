"""Lists of Python's numbers as a matrix of float32."""

from array import array
from collections.abc import Iterable
from typing import Any

import numpy as np

from container.codecs.blocks import Matrix


def as_floats(rows: Iterable[list[Any]]) -> Matrix | None:
    """Convert the numbers in the lists, (values,), rounded to float64 and then to float32; infinite if too large.

    None where one of them is no number, or too large for float64.
    """
    numbers = array("d")
    try:
        for row in rows:
            numbers.fromlist(row)
    except (TypeError, OverflowError):
        return None
    with np.errstate(over="ignore"):
        return np.frombuffer(numbers, np.float64).astype(np.float32)
