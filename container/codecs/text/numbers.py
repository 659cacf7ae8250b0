"""JSON numbers parsed by simdjson into numpy arrays, without a Python object for each."""

from typing import Any

import numpy as np
import simdjson
from numpy.typing import NDArray

from container.rows.blocks import FloatType, Matrix, all_finite

# What simdjson raises: a text that is not JSON, too deep, with too large whole numbers, or not of the form asked for.
SIMDJSON_ERRORS = (ValueError, RuntimeError, KeyError, TypeError, AttributeError)


def parse_lazily(text: bytes) -> Any:
    """Parse JSON, with values materialized on access only; raises one of SIMDJSON_ERRORS."""
    return simdjson.Parser().parse(text)


def read_number_list(array: Any) -> NDArray[np.float64]:
    """Return the numbers of a simdjson array, nested lists flattened, float64 (values,).

    Raises one of SIMDJSON_ERRORS if it contains anything else.
    """
    return np.frombuffer(array.as_buffer(of_type="d"), np.float64)


def stack_plain_rows(rows: list[NDArray[np.float64]], feature_dim: int, dtype: FloatType = np.float32) -> Matrix | None:
    """Stack rows to a matrix (n, feature_dim); None if a row has another length or a value overflows."""
    if any(len(row) != feature_dim for row in rows):
        return None
    table = cast_floats(np.concatenate(rows) if len(rows) > 1 else rows[0], dtype).reshape(len(rows), feature_dim)
    return table if all_finite(table) else None


def cast_floats(numbers: NDArray[np.float64], dtype: FloatType = np.float32) -> Matrix:
    """Cast to float32, or to `dtype`; values that overflow become infinite."""
    with np.errstate(over="ignore"):
        return np.asarray(numbers.astype(dtype))
