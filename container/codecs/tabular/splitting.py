"""CSV in pieces of whole records, whose quoted fields may hold line breaks.

A quote opens a field only at its beginning, as pyarrow reads it.

Tests: tests/container/codecs/asked/test_delimited.py.
"""

import re
from collections.abc import Iterator
from functools import cache

import numpy as np

from container.codecs.text.quoting import quote_text
from container.contract.errors import DecodeError

_LINE_END = re.compile(rb"\r\n|\r|\n")
_LARGE_BYTES = 64 << 10
_RECORD_BYTES = 1 << 20  # of a record, beyond which a quote is taken to be one too many


def split_records(texts: Iterator[bytes], delimiter: str, most_bytes: int = _RECORD_BYTES) -> Iterator[bytes]:
    """Yield texts that end where a record does; raises DecodeError for a longer one, and for an open quote."""
    waiting: list[bytes] = []
    held = looked_at = 0
    for text in texts:
        waiting.append(text)
        held += len(text)
        if looked_at > _LARGE_BYTES and held < 2 * looked_at:  # or a long record would be looked at for each byte of it
            continue
        whole = b"".join(waiting)
        if end := find_last_end(whole, delimiter):
            yield whole[:end]
        held = len(whole) - end
        waiting = [whole[end:]] if held else []  # else the next text would be copied
        looked_at = held
        if held > most_bytes:
            raise DecodeError(f"a record of more than {most_bytes >> 20} MB. Is a quote not closed?")
    rest = b"".join(waiting)
    if open_quote := find_open_quote(rest, delimiter):
        raise DecodeError(f"a quote that is not closed: {quote_text(open_quote)}. Close it, or remove it")
    if rest:
        yield rest


def find_last_end(text: bytes, delimiter: str) -> int:
    """Return the place behind the last line break that ends a record, 0 where there is none."""
    if b'"' not in text:
        return max(text.rfind(b"\n"), text.rfind(b"\r", 0, -1)) + 1
    codes = np.frombuffer(text, np.uint8)
    breaks = np.flatnonzero((codes == ord("\n")) | ((codes == ord("\r")) & (np.arange(len(codes)) < len(codes) - 1)))
    quotes = np.flatnonzero(codes == ord('"'))
    opening = quotes[::2]
    before = codes[opening[opening > 0] - 1]
    if np.isin(
        before, list(b'\r\n"' + delimiter.encode())
    ).all():  # each quote opens a field or closes it, or is doubled
        breaks = breaks[np.searchsorted(quotes, breaks) % 2 == 0]
    else:
        spans = np.array([quoted.span() for quoted in _quoted_field(delimiter).finditer(text)]).reshape(-1, 2)
        breaks = breaks[np.searchsorted(spans[:, 0], breaks) == np.searchsorted(spans[:, 1], breaks, side="right")]
    return int(breaks[-1]) + 1 if len(breaks) else 0


def find_first_end(text: bytes, delimiter: str) -> int:
    """Return the place behind the first line break that ends a record, that of the end where there is none."""
    start = 0
    for quoted in _quoted_field(delimiter).finditer(text):
        if found := _LINE_END.search(text, start, quoted.start()):
            return found.end()
        start = quoted.end()
    found = _LINE_END.search(text, start)
    return found.end() if found else len(text)


def find_open_quote(text: bytes, delimiter: str) -> bytes:
    """Return the field whose quote is not closed, b"" where there is none."""
    return next((found[0] for found in _quoted_field(delimiter).finditer(text) if not found[1]), b"")


@cache
def _quoted_field(delimiter: str) -> re.Pattern[bytes]:
    """Match a field in quotes; group 1 is empty where they are not closed.

    The pattern begins with a quote, which is looked for fast, and then looks back to what is before it.
    """
    return re.compile(rb'"(?:(?<=[%b\r\n]")|(?<=\A"))[^"]*+(?:""[^"]*+)*+("?)' % re.escape(delimiter.encode()))
