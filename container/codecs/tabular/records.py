"""Text as blocks of whole records of CSV, whose quoted fields may hold line breaks.

Tests: tests/container/codecs/test_csv_table.py.
"""

import csv
from collections.abc import Iterable, Iterator

from container.contract.errors import DecodeError

DELIMITERS = (",", ";", "\t", "|")
LARGEST_RECORDS = 64 << 20  # bytes of blocks that are joined until quotes are closed


def join_quoted_lines(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Join blocks of whole lines until all quotes are closed in each; raises DecodeError where one never is."""
    held: list[bytes] = []
    is_open, size = False, 0
    for text in texts:
        is_open ^= bool(text.count(b'"') % 2)
        held.append(text)
        size += len(text)
        if not is_open:
            yield b"".join(held)
            held, size = [], 0
        elif size > LARGEST_RECORDS:
            raise DecodeError(
                f"a quote that is not closed within {size >> 20} MB. Look for a quote that stands alone in a field"
            )
    if held:
        yield b"".join(held)


def find_delimiter(line: str) -> str:
    """Return the sign that separates the names of a header: the most frequent of those outside quotes.

    >>> find_delimiter('a;"b,c";d')
    ';'
    """
    outside = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=lambda sign: (outside.count(sign), -DELIMITERS.index(sign)))


def split_fields(line: str, delimiter: str) -> list[str]:
    """Split a line into its fields, without quotes and blanks around them; empty where the quotes are wrong."""
    try:
        return [field.strip() for field in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])]
    except csv.Error:
        return []
