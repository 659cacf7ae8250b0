"""Records of a request: lines of plain numbers, parsed by simdjson as one JSON list, which is fastest on few rows."""

import numpy as np

from container.codecs.delimited.form import CsvSchema, has_lone_returns
from container.codecs.text.numbers import SIMDJSON_ERRORS, cast_floats, parse_lazily, read_number_list
from container.rows.blocks import FloatType, Matrix

_WIDE = 64  # columns, from which to look at each line is faster than to look at each byte
_NUMBER_BYTES = b"0123456789+-.eE \t\r"


def parse_plain_records(text: bytes, schema: CsvSchema, dtype: FloatType) -> Matrix | None:
    """Parse lines of plain numbers into (n, columns); None for any other lines."""
    columns = schema.column_count
    if columns is None or has_lone_returns(text):
        return None
    if schema.delimiter != ",":
        if b"," in text:
            return None
        text = text.replace(schema.delimiter.encode(), b",")
    try:
        table = _parse_wide_rows(text, columns, dtype) if columns >= _WIDE else _parse_narrow_rows(text, columns, dtype)
    except SIMDJSON_ERRORS:
        return None
    if table is None or schema.used_columns is None:
        return table
    return np.ascontiguousarray(table[:, schema.used_columns])


def _parse_wide_rows(text: bytes, columns: int, dtype: FloatType) -> Matrix | None:
    """Parse each line as a list of its own and check its length."""
    if b"[" in text or b"]" in text:
        return None
    rows = parse_lazily(b"[[" + text[:-1].replace(b"\n", b"],[") + b"]]")
    if set(map(len, rows)) != {columns}:
        return None
    return cast_floats(read_number_list(rows), dtype).reshape(-1, columns)


def _parse_narrow_rows(text: bytes, columns: int, dtype: FloatType) -> Matrix | None:
    """Parse all lines as one list, after checking that separators are where they belong."""
    separators = text.translate(None, _NUMBER_BYTES)
    rows = len(separators) // columns
    if separators != (b"," * (columns - 1) + b"\n") * rows:
        return None
    numbers = read_number_list(parse_lazily(b"[" + text[:-1].replace(b"\n", b",") + b"]"))
    return cast_floats(numbers, dtype).reshape(rows, columns)
