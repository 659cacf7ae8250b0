"""CSV of a table in a request: a header that names the columns, or all columns in the order of the training data."""

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from container.codecs.asked.fields import Layout, parse_records
from container.codecs.delimited.fields import find_delimiter, split_fields
from container.codecs.delimited.parameters import (
    is_header_present,
    read_charset,
    read_delimiter,
    read_label_size,
    refuse_unsupported,
)
from container.codecs.sniffing.sniff import BYTE_ORDER_MARK, explain_mismatch, sniff_type
from container.codecs.tabular.splitting import find_first_end, split_records
from container.contract.errors import DecodeError
from container.rows.asked import AskedRows, AskedTable
from container.rows.columns import find_index_columns
from open_algorithms.learning.rows.csr import Features

MEDIA_TYPE = "text/csv"
_PLAUSIBLE = (None, MEDIA_TYPE, "text/libsvm")  # what rows may look like: a time, 12:30, may begin them
_BLANK_LINES = re.compile(rb"\A(?:[ \t]*(?:\r\n|\r|\n))++")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LINE_BYTES = 1 << 20
_LABEL_FIRST = ", or say 'text/csv;label_size=1' if it comes first"


def decode_asked_rows(texts: Iterator[bytes], parameters: Mapping[str, str], table: AskedTable) -> Iterator[Features]:
    """Decode a body that arrives in texts: features (n, feature_dim) of its records.

    The first record is a header if the content type says so; if it says nothing, where it names most columns. A header
    shows how fields are separated, unless the content type says it. With label_size=1 the first field is left out.
    """
    refuse_unsupported(parameters)
    labels, charset = read_label_size(parameters, default=0), read_charset(parameters)

    def has_header(names: Sequence[str]) -> bool:
        known = 2 * len(table.places.keys() & {*names}) > len(table.needed)
        return is_header_present(parameters) or (known and "header" not in parameters)

    rows = AskedRows(table)
    line, texts = _find_first_line(_to_utf8(_check_start(texts), charset))
    stated = read_delimiter(parameters)
    delimiter = stated or find_delimiter(line)
    if not stated and not has_header(split_fields(line, delimiter)):
        delimiter = ","
    pieces = _locate_faults(split_records(texts, delimiter), rows)
    first = next(pieces, b"")
    end = find_first_end(first, delimiter)
    names = split_fields(first[:end].decode("utf-8", "replace"), delimiter)
    if has_header(names):
        layout, first = _take_named_columns(names, labels, delimiter, rows), first[end:]
    else:
        layout = _take_all_columns(labels, delimiter, table)
    for piece in chain([first], pieces):
        if arrays := parse_records(piece, layout, rows.number):
            yield from rows.encode_columns(arrays)


def _check_start(texts: Iterator[bytes]) -> Iterator[bytes]:
    """Check that a body may be CSV, and drop a byte order mark; raises DecodeError."""
    first = next(texts, b"")
    if first and sniff_type(first) not in _PLAUSIBLE:
        raise DecodeError(explain_mismatch(MEDIA_TYPE, first, is_request=True))
    return chain([first.removeprefix(BYTE_ORDER_MARK)], texts)


def _to_utf8(texts: Iterator[bytes], charset: str) -> Iterator[bytes]:
    if codecs.lookup(charset).name in ("utf-8", "ascii"):
        return texts
    return _transcode_texts(texts, charset)


def _transcode_texts(texts: Iterator[bytes], charset: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(charset)()
    try:
        for text in texts:
            yield decoder.decode(text).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError:
        raise DecodeError(f"text that is not written as {charset}. Write the data as UTF-8") from None


def _locate_faults(pieces: Iterator[bytes], rows: AskedRows) -> Iterator[bytes]:
    """Yield the pieces; a fault of theirs is of the next record."""
    try:
        yield from pieces
    except DecodeError as error:
        raise DecodeError(error.problem, f"record {rows.number}") from None


def _find_first_line(texts: Iterator[bytes]) -> tuple[str, Iterator[bytes]]:
    """Return the first line that is not blank, and the texts from there on."""
    held = b""
    for text in texts:
        held = _BLANK_LINES.sub(b"", held + text, count=1)
        if _LINE_END.search(held, 0, len(held) - 1) or len(held) > _LINE_BYTES:
            break
    return _LINE_END.split(held, 1)[0].decode("utf-8", "replace"), chain([held], texts)


def _take_named_columns(names: Sequence[str], labels: int, delimiter: str, rows: AskedRows) -> Layout:
    """Take the needed columns by the names of a header; raises DecodeError where one is missing, or there twice."""
    left = names[labels:]
    places = {name: labels + place for name, place in rows.find_columns(left, find_index_columns(left)).items()}

    def explain_width(found: int) -> str:
        return f"expected {len(names)} columns, as the header has, found {found}"

    return Layout(len(names), places, delimiter, explain_width)


def _take_all_columns(labels: int, delimiter: str, table: AskedTable) -> Layout:
    """Take the columns to be in the order of the training data."""
    places = {name: labels + place for name, place in table.places.items()}
    remedy = "" if labels else _LABEL_FIRST

    def explain_width(found: int) -> str:
        return table.explain_width(found - labels, "columns", remedy)

    return Layout(labels + len(table.columns), places, delimiter, explain_width)
