"""Numbers written in JSON, read by simdjson into memory that numpy takes as it is, without an object for each."""

from typing import Any

import numpy as np
import simdjson
from numpy.typing import NDArray

from container.codecs.blocks import Matrix, all_finite

# What simdjson raises: a text that is not JSON, too deep, with too large whole numbers, or not of the form asked for.
REFUSALS = (ValueError, RuntimeError, KeyError, TypeError, AttributeError)


def parse(text: bytes) -> Any:
    """Parse JSON whose parts are looked at where they lie; raises one of REFUSALS."""
    return simdjson.Parser().parse(text)


def take_list(array: Any) -> NDArray[np.float64]:
    """Give the numbers of a list that simdjson has parsed, (values,), those in its lists too.

    Raises one of REFUSALS where something else is among them.
    """
    return np.frombuffer(array.as_buffer(of_type="d"), np.float64)


def as_table(rows: list[NDArray[np.float64]], features: int, kind: Any = np.float32) -> Matrix | None:
    """Put rows under one another, (n, features), as float32 or another kind.

    None where one is not as long, or holds what is too large.
    """
    if any(len(row) != features for row in rows):
        return None
    table = to_floats(np.concatenate(rows) if len(rows) > 1 else rows[0], kind).reshape(len(rows), features)
    return table if all_finite(table) else None


def to_floats(numbers: NDArray[np.float64], kind: Any = np.float32) -> Matrix:
    """Round to float32, infinite where too large, unless another kind is asked for."""
    with np.errstate(over="ignore"):
        return np.asarray(numbers.astype(kind))
