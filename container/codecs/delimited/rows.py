"""Lines of CSV as rows of numbers: parsed by pyarrow, by simdjson, or by numpy, which also explains faults."""

import csv
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from container.codecs.delimited.faults import find_fault
from container.codecs.delimited.form import CsvSchema
from container.codecs.delimited.header import RepeatedHeader
from container.codecs.sniffing.sniff import BYTE_ORDER_MARK
from container.codecs.text.numbers import SIMDJSON_ERRORS, cast_floats, parse_lazily, read_number_list
from container.rows.blocks import Doubles, Matrix

_THREADS = min(8, len(os.sched_getaffinity(0)))
_MAX_BLOCKS_IN_FLIGHT = _THREADS + 1
_PIECE_BYTES = 1 << 20  # at once in pyarrow, to stay in a processor's cache
_MAX_ARROW_COLUMNS = 10_000  # from there on numpy is the faster one
_WIDE = 64  # columns, from which to look at each line is faster than to look at each byte
_NUMBER_BYTES = b"0123456789+-.eE \t\r"


def parse_concurrently(
    texts: Iterable[bytes], schema: CsvSchema, shift: Doubles | None, repeated: RepeatedHeader
) -> Iterator[tuple[bytes, Matrix | None]]:
    """Yield each text with what pyarrow makes of it, while threads parse the next ones; None if numpy must parse it."""
    with ThreadPoolExecutor(_THREADS) as pool:
        started: deque[tuple[bytes, Future[Matrix | None]]] = deque()
        for text in texts:
            started.append((text, pool.submit(_parse_by_arrow, text, schema, shift, repeated)))
            if len(started) > _MAX_BLOCKS_IN_FLIGHT:
                text, table = started.popleft()
                yield text, table.result()
        for text, table in started:
            yield text, table.result()


def _parse_by_arrow(text: bytes, schema: CsvSchema, shift: Doubles | None, repeated: RepeatedHeader) -> Matrix | None:
    """Parse lines of plain numbers by pyarrow, minus `shift`, as float32 (n, d); None if numpy must parse them."""
    if repeated.may_be_in(text) or (found := _read_arrow_batches(text, schema)) is None:
        return None
    if shift is not None and any(part.shape[1] != len(shift) for part in found):
        return None
    with np.errstate(over="ignore"):
        parts = found if shift is None else [part - shift for part in found]
        return np.concatenate(parts, dtype=np.float32)


def read_doubles_by_arrow(text: bytes, schema: CsvSchema) -> Doubles | None:
    """Parse lines of plain numbers by pyarrow, float64 (n, d); None if numpy must parse them."""
    found = _read_arrow_batches(text, schema)
    return None if found is None else np.concatenate(found)


def _read_arrow_batches(text: bytes, schema: CsvSchema) -> list[Doubles] | None:
    try:
        import pyarrow
        from pyarrow import csv as arrow
    except ImportError:
        return None
    columns = text.count(b",", 0, text.find(b"\n")) + 1
    if columns > _MAX_ARROW_COLUMNS or text.startswith(BYTE_ORDER_MARK):
        return None
    if schema.used_columns is not None and (columns != schema.column_count or b'"' in text or _has_lone_returns(text)):
        return None
    used = None if schema.used_columns is None else [f"f{i}" for i in schema.used_columns]
    try:
        found = arrow.read_csv(
            pyarrow.BufferReader(text),
            arrow.ReadOptions(
                use_threads=False, autogenerate_column_names=True, block_size=max(_PIECE_BYTES, columns << 10)
            ),
            arrow.ParseOptions(quote_char=False, ignore_empty_lines=False),
            arrow.ConvertOptions(default_column_type=pyarrow.float64(), null_values=[], include_columns=used),
        )
    except (pyarrow.ArrowInvalid, pyarrow.ArrowKeyError):
        return None
    return [batch.to_tensor().to_numpy() for batch in found.to_batches()]


def _has_lone_returns(text: bytes) -> bool:
    """Tell whether a line ends in a carriage return without a line feed."""
    return b"\r" in text and text.count(b"\r") != text.count(b"\r\n")


def parse_as_json(text: bytes, schema: CsvSchema, dtype: Any) -> Matrix | None:
    """Parse lines of plain numbers by simdjson, as one JSON list: (n, columns), None if numpy must parse them."""
    columns = schema.column_count
    if columns is None or _has_lone_returns(text):
        return None
    try:
        table = _parse_wide_rows(text, columns, dtype) if columns >= _WIDE else _parse_narrow_rows(text, columns, dtype)
    except SIMDJSON_ERRORS:
        return None
    return (
        table if table is None or schema.used_columns is None else np.ascontiguousarray(table[:, schema.used_columns])
    )


def _parse_wide_rows(text: bytes, columns: int, dtype: Any) -> Matrix | None:
    """Parse each line as a list of its own and check its length."""
    if b"[" in text or b"]" in text:
        return None
    rows = parse_lazily(b"[[" + text[:-1].replace(b"\n", b"],[") + b"]]")
    if set(map(len, rows)) != {columns}:
        return None
    return cast_floats(read_number_list(rows), dtype).reshape(-1, columns)


def _parse_narrow_rows(text: bytes, columns: int, dtype: Any) -> Matrix | None:
    """Parse all lines as one list, after checking that separators are where they belong."""
    separators = text.translate(None, _NUMBER_BYTES)
    rows = len(separators) // columns
    if separators != (b"," * (columns - 1) + b"\n") * rows:
        return None
    return cast_floats(read_number_list(parse_lazily(b"[" + text[:-1].replace(b"\n", b",") + b"]")), dtype).reshape(
        rows, columns
    )


def parse_by_numpy(
    lines: list[bytes], schema: CsvSchema, first: int, shift: Doubles | None = None, dtype: Any = np.float32
) -> Matrix:
    """Parse lines by numpy, (n, d); `first` is the number of the first line. Raises DecodeError for a fault."""
    filled = [line for line in lines if line.strip()]
    if not filled:
        return np.empty((0, schema.used_count or 0), dtype)
    if any(line.count(b'"') % 2 for line in filled):
        raise find_fault(lines, schema, first, "quotes that are not closed in their line")
    if schema.used_columns is not None and not _have_full_width(filled, schema):
        raise find_fault(lines, schema, first, f"lines that do not have {schema.column_count} columns")
    settings: dict[str, Any] = {"delimiter": ",", "quotechar": '"', "comments": None, "encoding": "latin-1"}
    settings |= {"usecols": schema.used_columns}
    read_as: Any = dtype if shift is None else np.float64
    try:
        table: Any = np.loadtxt(filled, dtype=read_as, ndmin=2, **settings)
    except ValueError as error:
        raise find_fault(lines, schema, first, str(error)) from None
    if shift is not None and table.shape[1] == len(shift):
        with np.errstate(over="ignore"):
            table = (table - shift).astype(dtype)
    if not fits_schema(table, schema):
        raise find_fault(lines, schema, first, "not a table of numbers")
    return np.asarray(table)


def _have_full_width(lines: list[bytes], schema: CsvSchema) -> bool:
    """Tell whether each line has the expected number of fields."""
    try:
        return all(
            len(fields) == schema.column_count for fields in csv.reader([line.decode("latin-1") for line in lines])
        )
    except csv.Error:
        return False


def fits_schema(table: Matrix, schema: CsvSchema) -> bool:
    """Tell whether a table has the expected number of columns and only finite values."""
    return (
        schema.label_count < table.shape[1]
        and schema.used_count in (None, table.shape[1])
        and bool(np.isfinite(table).all())
    )
