"""text/csv: numbers separated by commas, one row a line; in training the label is the first column.

The first line is names where the media type says header=present, as RFC 4180 has it.

Training data is read by pyarrow where it is installed, block by block; requests by simdjson, which is faster on
few rows. numpy reads what these refuse or could read otherwise. Each rounds a decimal to a double first, then
to float32.
"""

import csv
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import BinaryIO

import numpy as np

from container.codecs.blocks import Columns, Matrix, Tell, all_finite, forget
from container.codecs.csv_faults import Form, describe_width, find_fault, is_number
from container.codecs.digits import write_rows
from container.codecs.lines import read_lines, read_lines_as_they_come
from container.codecs.numbers import REFUSALS, parse, take_list, to_floats
from container.codecs.sniff import BYTE_ORDER_MARK
from container.errors import DecodeError

MEDIA_TYPE = "text/csv"

_THREADS = min(8, len(os.sched_getaffinity(0)))
_BLOCKS_AHEAD = _THREADS + 1
_PIECE_BYTES = 1 << 20  # at once in pyarrow, to stay in a processor's cache
_ARROW_COLUMNS = 10_000  # from there on numpy is the faster one
_WIDE = 64  # columns, from which to look at each line is faster than to look at each byte
_IN_NUMBERS = b"0123456789+-.eE \t\r"
_HEADER = re.compile(rb"\s*(\S[^\r\n]*)(\r\n|\r|\n)")


def has_header(parameters: Mapping[str, str]) -> bool:
    """Tell whether the parameters of the media type say that the first line is names."""
    text = parameters.get("header", "absent").lower()
    if text not in ("present", "absent"):
        raise DecodeError(f"expected header=present or header=absent in the content type, found {text!r}")
    return text == "present"


def decode_blocks(
    stream: BinaryIO, parameters: Mapping[str, str], features: int | None, tell: Tell = forget
) -> Iterator[tuple[Matrix, Matrix]]:
    """Read labelled rows; `features` is the number of columns after the label, None where the first line decides."""
    charset = _charset(parameters)
    labels = _label_size(parameters, default=1)
    columns = None if features is None else labels + features
    texts = read_lines(stream, MEDIA_TYPE)
    row = 1
    if has_header(parameters):
        names, row, texts = _read_header(texts, charset, columns, labels, "row")
        if names:
            columns = len(names)
            tell(names[labels:])
    for text, table in _parse_ahead(texts):
        if table is not None and _fits(table, columns, labels):
            row += len(table)
        else:
            lines = text.splitlines()
            table = _parse(lines, columns, labels, "row", row)
            row += len(lines)
        if len(table):
            columns = table.shape[1]
            yield np.ascontiguousarray(table[:, 1:]), table[:, 0].copy()


def decode_records(stream: BinaryIO, parameters: Mapping[str, str], features: int) -> Iterator[Matrix]:
    """Read the records of a request, (n, features); a label comes first only where label_size=1 says so."""
    charset = _charset(parameters)
    labels = _label_size(parameters, default=0)
    columns = labels + features
    texts = read_lines_as_they_come(stream, MEDIA_TYPE)
    number = 1
    if has_header(parameters):
        names, number, texts = _read_header(texts, charset, columns, labels, "record")
        if names and all(map(is_number, names)):
            raise DecodeError("expected names, as header=present in the content type says, found numbers", "record 1")
    for text in texts:
        table = _parse_as_json(text, columns)
        if table is not None and all_finite(table):
            number += len(table)
        else:
            lines = text.splitlines()
            table = _parse(lines, columns, labels, "record", number)
            number += len(lines)
        if len(table):
            yield np.ascontiguousarray(table[:, labels:]) if labels else table


def encode(columns: Columns) -> bytes:
    """Write one line a row, columns in their order, without a header; a (n, K) column becomes K."""
    rows = zip(*(write_rows(column, "", ",", "") for column in columns.values()), strict=True)
    return "".join([",".join(row) + "\n" for row in rows]).encode()


def _read_header(
    texts: Iterator[bytes], charset: str, columns: int | None, labels: int, noun: str
) -> tuple[list[str], int, Iterator[bytes]]:
    """Take the names from the first line that is not blank; return them, which line is next, and the lines from there.

    There are no names where there is no such line.
    """
    number = 0
    for text in texts:
        header = _HEADER.match(text)
        number += len((header[0] if header else text).splitlines())
        if header:
            names = _read_names(header[1], charset, f"{noun} {number}")
            if columns not in (None, len(names)) or len(names) <= labels:
                raise DecodeError(describe_width(names, columns or len(names), labels), f"{noun} {number}")
            return names, number + 1, chain([text[header.end() :]], texts)
    return [], 1, texts


def _read_names(line: bytes, charset: str, place: str) -> list[str]:
    try:
        text = line.decode(charset)
        if text.count('"') % 2:
            raise DecodeError(f"a quote that is not closed in its line: {text[:80]!r}", place)
        return [name.strip() for name in next(csv.reader([text], skipinitialspace=True))]
    except UnicodeError:
        problem = f"names that are not written as {charset}: {line[:80].decode('latin-1')!r}. Write the data as UTF-8"
        raise DecodeError(problem, place) from None
    except csv.Error as error:
        raise DecodeError(f"expected names separated by commas: {error}", place) from None


def _parse_ahead(texts: Iterable[bytes]) -> Iterator[tuple[bytes, Matrix | None]]:
    """Give blocks of lines with what pyarrow made of them, while it works on the next ones."""
    with ThreadPoolExecutor(_THREADS) as pool:
        started: deque[tuple[bytes, Future[Matrix | None]]] = deque()
        for text in texts:
            started.append((text, pool.submit(_parse_plain, text)))
            if len(started) > _BLOCKS_AHEAD:
                text, table = started.popleft()
                yield text, table.result()
        for text, table in started:
            yield text, table.result()


def _parse_plain(text: bytes) -> Matrix | None:
    """Read lines of plain numbers by pyarrow, each line a row of (n, d); None where numpy must look."""
    try:
        import pyarrow
        from pyarrow import csv as arrow
    except ImportError:
        return None
    columns = text.count(b",", 0, text.find(b"\n")) + 1
    if columns > _ARROW_COLUMNS or text.startswith(BYTE_ORDER_MARK):
        return None
    try:
        found = arrow.read_csv(
            pyarrow.BufferReader(text),
            arrow.ReadOptions(
                use_threads=False, autogenerate_column_names=True, block_size=max(_PIECE_BYTES, columns << 10)
            ),
            arrow.ParseOptions(quote_char=False, ignore_empty_lines=False),
            arrow.ConvertOptions(default_column_type=pyarrow.float64(), null_values=[]),
        )
    except pyarrow.ArrowInvalid:
        return None
    with np.errstate(over="ignore"):
        return np.concatenate([batch.to_tensor().to_numpy() for batch in found.to_batches()], dtype=np.float32)


def _parse_as_json(text: bytes, columns: int) -> Matrix | None:
    """Read lines of plain numbers as one list of JSON, each line a row of (n, columns); None where numpy must look."""
    if b"\r" in text and text.count(b"\r") != text.count(b"\r\n"):
        return None
    try:
        return _parse_wide(text, columns) if columns >= _WIDE else _parse_narrow(text, columns)
    except REFUSALS:
        return None


def _parse_wide(text: bytes, columns: int) -> Matrix | None:
    """Read each line as a list, whose length is looked at."""
    if b"[" in text or b"]" in text:
        return None
    rows = parse(b"[[" + text[:-1].replace(b"\n", b"],[") + b"]]")
    if set(map(len, rows)) != {columns}:
        return None
    return to_floats(take_list(rows)).reshape(-1, columns)


def _parse_narrow(text: bytes, columns: int) -> Matrix | None:
    """Read all lines as one list, once what separates the numbers is seen to be right."""
    separators = text.translate(None, _IN_NUMBERS)
    rows = len(separators) // columns
    if separators != (b"," * (columns - 1) + b"\n") * rows:
        return None
    return to_floats(take_list(parse(b"[" + text[:-1].replace(b"\n", b",") + b"]"))).reshape(rows, columns)


def _parse(lines: list[bytes], columns: int | None, labels: int, noun: str, row: int) -> Matrix:
    filled = [line for line in lines if line.strip()]
    if not filled:
        return np.empty((0, columns or 0), np.float32)
    if any(line.count(b'"') % 2 for line in filled):
        raise find_fault(lines, Form(columns, labels, noun), row, "quotes that are not closed in their line")
    try:
        table = np.loadtxt(
            filled, dtype=np.float32, delimiter=",", quotechar='"', comments=None, ndmin=2, encoding="latin-1"
        )
    except ValueError as error:
        raise find_fault(lines, Form(columns, labels, noun), row, str(error)) from None
    if not _fits(table, columns, labels):
        raise find_fault(lines, Form(columns, labels, noun), row, "not a table of numbers")
    return table


def _fits(table: Matrix, columns: int | None, labels: int) -> bool:
    return labels < table.shape[1] and columns in (None, table.shape[1]) and bool(np.isfinite(table).all())


def _label_size(parameters: Mapping[str, str], default: int) -> int:
    text = parameters.get("label_size", str(default))
    if text not in ("0", "1"):
        raise DecodeError(f"expected label_size=0 or label_size=1 in the content type, found {text!r}")
    return int(text)


def _charset(parameters: Mapping[str, str]) -> str:
    charset = parameters.get("charset", "utf-8")
    digits = '+-0123456789.eE,"\n'
    try:
        known = digits.encode(charset) == digits.encode("ascii")
    except (LookupError, ValueError):
        known = False
    if not known:
        raise DecodeError(f"charset {charset!r} in the content type is not supported: write the data as UTF-8")
    return charset
