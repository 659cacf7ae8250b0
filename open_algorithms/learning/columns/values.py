"""The values of a column as arrow delivers them: float64, or texts with or without a dictionary."""

import re
from typing import Any

import numpy as np

from open_algorithms.learning.columns.notation import (
    FEW_TEXTS,
    MINUS,
    MISSING_WORDS,
    MOST_EXACT_DIGITS,
    PLAIN_PATTERN,
    UNSEEN,
    is_missing,
    trim_texts,
)
from open_algorithms.learning.types.arrays import Float64s, Ints

_WHOLE = re.compile(PLAIN_PATTERN)
_USUAL_PATTERN = rf"^(-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?|[-+{MINUS}]?0[0-9].*)$"  # stays as it is, unless it is about 0
FLOAT32_MAX = float(np.finfo(np.float32).max)


def is_number_array(values: Any) -> bool:
    """Tell whether an array holds float64 numbers rather than texts."""
    return str(values.type) == "double"


def present_numbers(numbers: Any) -> Float64s:
    """Return the numbers of a float64 array (n,) that are there."""
    found: Float64s = numbers.to_numpy(zero_copy_only=False)
    return found[~np.isnan(found)]


def as_texts(values: Any) -> Any:
    """Return values (n,) as a dictionary array of texts; numbers as people write them, missing ones null."""
    import pyarrow
    from pyarrow import compute

    if is_number_array(values):
        whole = compute.if_else(compute.is_nan(values), pyarrow.scalar(None, pyarrow.float64()), values)
        coded = compute.dictionary_encode(whole)
        texts = [write_number(number) for number in coded.dictionary.to_pylist()]
        return pyarrow.DictionaryArray.from_arrays(coded.indices, pyarrow.array(texts, pyarrow.string()))
    if isinstance(values, pyarrow.DictionaryArray):
        return values
    return compute.dictionary_encode(values)


def write_number(number: float) -> str:
    """Write a number as people do: whole ones without a point.

    >>> write_number(3.0), write_number(0.5)
    ('3', '0.5')
    """
    return repr(int(number)) if number.is_integer() and abs(number) <= 2**53 else repr(number)


def write_class(one: str | float) -> str:
    """Write a class as in the data."""
    return one if isinstance(one, str) else write_number(one)


def distinct_texts(coded: Any) -> tuple[Any, Ints]:
    """Return the trimmed distinct texts of a dictionary array (n,), null where missing, and each row's place in them.

    Distinct texts may be equal once they are trimmed. The place is that of a null at the end where the row is null.
    """
    import pyarrow
    from pyarrow import compute

    if len(coded.dictionary) < FEW_TEXTS:
        trimmed = [None if text is None else text.strip(UNSEEN) for text in coded.dictionary.to_pylist()]
        kept = [None if text is None or text.lower() in MISSING_WORDS else text for text in trimmed]
        texts = pyarrow.array(kept, pyarrow.string())
    else:
        texts = trim_texts(compute.cast(coded.dictionary, pyarrow.string()))
        texts = compute.if_else(is_missing(texts), pyarrow.scalar(None, pyarrow.string()), texts)
    places = coded.indices
    if places.null_count:
        places = compute.fill_null(compute.cast(places, pyarrow.int64()), len(texts))
    return pyarrow.concat_arrays([texts, pyarrow.nulls(1, pyarrow.string())]), places.to_numpy(zero_copy_only=False)


def canonical_levels(texts: Any) -> list[str | None]:
    """Return trimmed texts (n,), each that is a number written in one way, so that 1.0 and 1 are one level."""
    from pyarrow import compute

    if len(texts) < FEW_TEXTS:
        return [text if text is None else canonical_text(text) for text in texts.to_pylist()]
    plain, usual, odd = (
        compute.fill_null(compute.match_substring_regex(texts, pattern), False).to_numpy(zero_copy_only=False)
        for pattern in (f"^(?:{PLAIN_PATTERN})$", _USUAL_PATTERN, r"^-?0(\.0000|$)")
    )
    levels: list[str | None] = texts.to_pylist()
    for place in np.flatnonzero(plain & (~usual | odd)):
        levels[place] = canonical_text(levels[place] or "")
    return levels


def canonical_text(text: str) -> str:
    """Write a trimmed text that is a number in one way; codes such as 007 and long numbers stay as they are.

    >>> canonical_text("1.50"), canonical_text("007"), canonical_text("red")
    ('1.5', '007', 'red')
    """
    if len(text) > MOST_EXACT_DIGITS or not _WHOLE.fullmatch(text) or re.match(rf"[-+{MINUS}]?0[0-9]", text):
        return text
    number = float(text.replace(MINUS, "-"))
    return write_number(number) if np.isfinite(number) else text
