"""Columns of arrow arrays as lines of CSV, with the fewest digits that round-trip.

Tests: tests/commands/test_predict.py.
"""

from collections.abc import Mapping
from typing import Any

QUOTED_PATTERN = '[,"\r\n]'


def write_rows(columns: Mapping[str, Any]) -> bytes:
    """Write columns (n,) as n lines."""
    import pyarrow
    from pyarrow import compute

    texts = [write_values(values) for values in columns.values()]
    if len(texts) == 1:
        texts = [compute.if_else(compute.equal(texts[0], ""), '""', texts[0])]  # a blank line would be no row
    lines = compute.binary_join_element_wise(*texts, ",")
    ended = compute.binary_join_element_wise(lines, pyarrow.scalar(""), pyarrow.scalar("\n"))
    return join_texts(ended)


def write_values(values: Any) -> Any:
    """Return numbers or texts (n,) as texts, in quotes where they need them; a missing one is empty."""
    import pyarrow
    from pyarrow import compute

    if isinstance(values, pyarrow.DictionaryArray):
        values = pyarrow.DictionaryArray.from_arrays(
            values.indices, write_values(values.dictionary)
        ).dictionary_decode()
    elif str(values.type) == "string":
        values = quote_texts(values)
    else:
        values = compute.cast(values, pyarrow.string())
    return compute.fill_null(values, "") if values.null_count else values


def quote_texts(texts: Any) -> Any:
    """Put texts (n,) in quotes that hold a comma, a quote or a line break (RFC 4180)."""
    from pyarrow import compute

    needs_quotes = compute.match_substring_regex(texts, QUOTED_PATTERN)
    if not compute.any(needs_quotes, min_count=0).as_py():
        return texts
    doubled = compute.replace_substring(texts, '"', '""')
    return compute.if_else(needs_quotes, compute.binary_join_element_wise('"', doubled, '"', ""), texts)


def join_texts(texts: Any) -> bytes:
    """Return texts (n,) one after the other, as they lie in memory."""
    import numpy as np

    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return bytes(memoryview(data)[ends[0] : ends[-1]]) if data is not None else b""
