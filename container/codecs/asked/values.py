"""Values of JSON as arrow arrays: numbers as float64, or all as texts.

Tests: tests/container/codecs/asked/test_objects.py.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from container.codecs.text.digits import write_plainly
from container.codecs.text.instance_faults import quote_json
from container.contract.errors import DecodeError

MOST_EXACT = 2**53  # up to which a float64 keeps every whole number

_NUMBERS, _SCALARS = {int, float, type(None)}, {int, float, type(None), bool, str}


def make_array(values: Sequence[Any], name: str, first: int) -> Any:
    """Return the values of a column, (n,): float64 where all are numbers or null, texts otherwise.

    Whole numbers of more digits than float64 keeps are texts. Raises DecodeError, with the number of the record counted
    from `first`, for lists and objects.
    """
    import pyarrow

    kinds = set(map(type, values))
    if not kinds <= _SCALARS:
        row = next(row for row, value in enumerate(values) if type(value) not in _SCALARS)
        problem = f"expected a number, a text, true, false or null, found {quote_json(values[row])}"
        raise DecodeError(problem, f"record {first + row}", f"column {name!r}")
    if kinds <= _NUMBERS and not (int in kinds and any(map(_is_long, values))):
        return pyarrow.array(np.array(values, np.float64))
    texts = [value if type(value) is str or value is None else _write_value(value) for value in values]
    try:
        return pyarrow.array(texts, pyarrow.string())
    except UnicodeEncodeError:  # half a character, as "\ud800" is
        whole = [None if text is None else text.encode("utf-8", "backslashreplace").decode() for text in texts]
        return pyarrow.array(whole, pyarrow.string())


def _is_long(value: Any) -> bool:
    return type(value) is int and abs(value) > MOST_EXACT


def _write_value(value: bool | float) -> str:
    """Write what is no text as CSV has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else write_plainly(value)
