"""Which columns of texts are plain numbers, so that they are read as such.

Tests: tests/container/codecs/test_csv_table.py.
"""

from collections.abc import Container, Mapping
from typing import Any

MISSING_TEXTS = (
    *("", "NA", "N/A", "NaN", "Nan", "nan", "null", "Null", "NULL", "None", "none", "\\N", "?", "<NA>", "#N/A", "NaT"),
    *("n/a", "na", "-", "--", "."),
)
_PLAIN = r"^[ \t]*[+-]?(0|[1-9]\d{0,14}|\d{1,15}\.\d*|\.\d+)(\.\d*)?([eE][+-]?\d{1,3})?[ \t]*$"


def read_plain_numbers(texts: Any) -> Any | None:
    """Return texts (n,) as float64, missing ones null; None where one is no plain number or there is none at all.

    A number with leading zeros is none: it is a code, as zip codes are.
    """
    import pyarrow
    from pyarrow import compute

    distinct = compute.dictionary_encode(texts) if not isinstance(texts, pyarrow.DictionaryArray) else texts
    words = distinct.dictionary
    gone = compute.is_in(compute.utf8_trim_whitespace(words), value_set=pyarrow.array(MISSING_TEXTS))
    plain = compute.match_substring_regex(words, _PLAIN)
    if not compute.all(compute.or_(gone, plain), min_count=0).as_py() or not compute.any(plain, min_count=0).as_py():
        return None
    kept = compute.if_else(gone, pyarrow.scalar(None, pyarrow.string()), compute.utf8_trim_whitespace(words))
    numbers = compute.cast(compute.replace_substring_regex(kept, r"^\+", ""), pyarrow.float64())
    return compute.take(numbers, distinct.indices)


def read_numbers_where_plain(columns: Mapping[str, Any], text_names: Container[str]) -> dict[str, Any]:
    """Return columns of texts, those of plain numbers as float64; those in `text_names` stay texts."""
    found = {}
    for name, texts in columns.items():
        numbers = None if name in text_names else read_plain_numbers(texts)
        found[name] = texts if numbers is None else numbers
    return found
