"""Columns of numbers as a matrix, where no recipe says how values become features."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from container.codecs.delimited.form import is_number
from container.codecs.text.value_faults import explain_value
from container.rows.blocks import Doubles, FloatType, all_finite
from open_algorithms.learning.columns.faults import ColumnFault


def stack_columns(
    columns: Mapping[str, Any], names: Sequence[str], dtype: FloatType, shift: Doubles | None = None
) -> NDArray[Any]:
    """Return the named columns, arrow arrays (n,) of float64 or texts, minus `shift` (d,), as a matrix (n, d).

    It lies in memory column after column. Raises ColumnFault for the first column with a value that is no number.
    """
    stacked = np.empty((len(names), len(columns[names[0]])), dtype)
    with np.errstate(over="ignore"):
        for place, name in enumerate(names):
            numbers = read_numbers(name, columns[name])
            stacked[place] = numbers if shift is None else numbers - shift[place]
    if not all_finite(stacked):
        place, row = (int(index) for index in np.argwhere(~np.isfinite(stacked))[0])
        found = columns[names[place]][row].as_py()
        raise ColumnFault("expected a number that a 32-bit float can hold", names[place], str(found), "", row)
    return stacked.T


def read_numbers(name: str, values: Any) -> NDArray[np.float64]:
    """Return the numbers of a column (n,); raises ColumnFault for a value that is none, or missing."""
    if str(values.type) == "double":
        if values.null_count:
            row = int(values.is_null().to_numpy(zero_copy_only=False).argmax())
            problem = "expected a number, found a missing value. Remove rows with missing values or fill them in"
            raise ColumnFault(problem, name, row=row)
        return np.asarray(values.to_numpy(zero_copy_only=False), np.float64)
    coded = values if hasattr(values, "dictionary") else values.dictionary_encode()
    texts = [*coded.dictionary.to_pylist(), None]  # the last is that of a missing value
    places = coded.indices.fill_null(len(texts) - 1).to_numpy(zero_copy_only=False)
    numbers = np.array([float(text) if text is not None and is_number(text) else np.nan for text in texts])
    if len(wrong := np.flatnonzero(np.isnan(numbers[places]))):
        row = int(wrong[0])
        text = texts[places[row]] or ""
        problem = f"expected a number, found {text[:80]!r}{explain_value(text) or '. Write categories as numbers'}"
        raise ColumnFault(problem, name, row=row)
    found: NDArray[np.float64] = numbers[places]
    return found
