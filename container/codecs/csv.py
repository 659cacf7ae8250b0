"""text/csv: numbers separated by commas, one row a line, no header; in training the label is the first column."""

import csv
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import BinaryIO

import numpy as np

from container.codecs.blocks import BLOCK_BYTES, Block, Columns, Matrix
from container.codecs.sniff import HEAD_BYTES, mismatch, sniff
from container.errors import DecodeError

_TEXT_BYTES = BLOCK_BYTES
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_MISSING = {"", "na", "n/a", "nan", "null", "none", "?"}


def decode_blocks(stream: BinaryIO, parameters: Mapping[str, str], features: int | None) -> Iterator[Block]:
    """Read labelled rows; `features` is the number of columns after the label, None where the first row decides."""
    _check_charset(parameters)
    labels = _label_size(parameters, default=1)
    columns = None if features is None else labels + features
    row = 1
    for lines in _read_lines(stream):
        table = _parse(lines, columns, labels, "row", row)
        row += len(lines)
        if len(table):
            columns = table.shape[1]
            yield np.ascontiguousarray(table[:, 1:]), table[:, 0].copy()


def decode(body: bytes, parameters: Mapping[str, str], features: int) -> Matrix:
    """Read the records of a request, (n, features); a label comes first only where label_size=1 says so."""
    _check_charset(parameters)
    labels = _label_size(parameters, default=0)
    lines = _without_mark(body).splitlines()
    return np.ascontiguousarray(_parse(lines, labels + features, labels, "record", 1)[:, labels:])


def encode(columns: Columns) -> bytes:
    """Write one line a row, columns in their order, without a header; a (n, K) column becomes K."""
    lists = [column.reshape(len(column), -1).tolist() for column in columns.values()]
    return "".join(",".join(map(repr, chain(*row))) + "\n" for row in zip(*lists, strict=True)).encode()


def _read_lines(stream: BinaryIO) -> Iterator[list[bytes]]:
    rest = b""
    first = True
    while chunk := stream.read(_TEXT_BYTES):
        if first:
            chunk, first = _without_mark(chunk), False
        head, newline, tail = chunk.rpartition(b"\n")
        if newline:
            yield (rest + head).splitlines()
            rest = tail
        else:
            rest += chunk
    if rest:
        yield rest.splitlines()


def _without_mark(start: bytes) -> bytes:
    if sniff(start[:HEAD_BYTES]) != "text/csv":
        raise DecodeError(mismatch("text/csv", start[:HEAD_BYTES]))
    return start.removeprefix(b"\xef\xbb\xbf")


def _parse(lines: list[bytes], columns: int | None, labels: int, noun: str, row: int) -> Matrix:
    filled = [line for line in lines if line.strip()]
    if not filled:
        return np.empty((0, columns or 0), np.float32)
    try:
        table = np.loadtxt(
            filled, dtype=np.float32, delimiter=",", quotechar='"', comments=None, ndmin=2, encoding="latin-1"
        )
    except ValueError as error:
        raise _fault(lines, columns, labels, noun, row, str(error)) from None
    if table.shape[1] <= labels or columns not in (None, table.shape[1]) or not np.isfinite(table).all():
        raise _fault(lines, columns, labels, noun, row, "not a table of numbers")
    return table


def _fault(lines: list[bytes], columns: int | None, labels: int, noun: str, row: int, otherwise: str) -> DecodeError:
    """Find the first field that is at fault, reading as slowly and exactly as it takes."""
    for number, line in enumerate(lines, row):
        if not line.strip():
            continue
        place = f"{noun} {number}"
        try:
            fields = next(csv.reader([line.decode("latin-1")]))
        except csv.Error as error:
            return DecodeError(f"expected numbers separated by commas: {error}", place)
        columns = columns or len(fields)
        wrong = next(((i, text) for i, text in enumerate(fields, 1) if not _is_number(text)), None)
        header = number == 1 and not any(map(_is_number, fields))
        if wrong is not None and (len(fields) == columns or header):
            return DecodeError(_field_problem(*wrong, labels, header), place, f"column {wrong[0]}")
        if len(fields) != columns or columns <= labels:
            return DecodeError(_width_problem(fields, columns, labels), place)
    return DecodeError(otherwise, f"{noun}s {row} to {row + len(lines) - 1}")


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text.strip())) and bool(abs(float(text)) <= np.finfo(np.float32).max)


def _field_problem(column: int, text: str, labels: int, header: bool) -> str:
    stripped = text.strip()
    found = f"expected a number, found {text[:80]!r}"
    if _NUMBER.fullmatch(stripped):
        return f"{found}, which is too large for a 32-bit float"
    if stripped.lower() in _MISSING:
        return f"{found}: a missing value. Remove rows with missing values or fill them in"
    if stripped.lower().lstrip("+-") in ("inf", "infinity"):
        return f"{found}: an infinite value. Remove or replace it"
    if separator := next((sign for sign in ";\t|" if sign in stripped), None):
        return f"{found}. Columns must be separated by commas, not by {separator!r}"
    if header:
        return f"{found}. Is this a header row? Remove it: every row must be data"
    if column <= labels:
        return f"{found}. Column 1 is the label: write classes as numbers, 0, 1, ..."
    return f"{found}. Write categories as numbers"


def _width_problem(fields: list[str], columns: int, labels: int) -> str:
    if len(fields) != columns:
        expected = f"{columns} (a label and {columns - 1} features)" if labels else f"{columns}"
        hint = ""
        if not labels and len(fields) == columns + 1:
            hint = ". Does it still hold the label? Send features only, or say text/csv;label_size=1"
        return f"expected {expected} columns, found {len(fields)}{hint}"
    return f"expected a label and at least one feature, found one column: {fields[0][:80]!r}; is the label missing?"


def _label_size(parameters: Mapping[str, str], default: int) -> int:
    text = parameters.get("label_size", str(default))
    if text not in ("0", "1"):
        raise DecodeError(f"expected label_size=0 or label_size=1 in the content type, found {text!r}")
    return int(text)


def _check_charset(parameters: Mapping[str, str]) -> None:
    charset = parameters.get("charset", "utf-8")
    digits = '+-0123456789.eE,"\n'
    try:
        known = digits.encode(charset) == digits.encode("ascii")
    except (LookupError, ValueError):
        known = False
    if not known:
        raise DecodeError(f"charset {charset!r} in the content type is not supported: write the data as UTF-8")
