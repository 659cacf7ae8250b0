"""Lines of CSV as rows of numbers: parsed by pyarrow, by simdjson, or by numpy, which also explains faults."""

import csv
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from container.codecs.delimited.faults import find_fault
from container.codecs.delimited.form import Form
from container.codecs.delimited.header import Repeats
from container.codecs.sniffing.sniff import BYTE_ORDER_MARK
from container.codecs.text.numbers import REFUSALS, parse, take_list, to_floats
from container.rows.blocks import Doubles, Matrix

_THREADS = min(8, len(os.sched_getaffinity(0)))
_BLOCKS_AHEAD = _THREADS + 1
_PIECE_BYTES = 1 << 20  # at once in pyarrow, to stay in a processor's cache
_ARROW_COLUMNS = 10_000  # from there on numpy is the faster one
_WIDE = 64  # columns, from which to look at each line is faster than to look at each byte
_IN_NUMBERS = b"0123456789+-.eE \t\r"


def parse_ahead(
    texts: Iterable[bytes], form: Form, shift: Doubles | None, repeats: Repeats
) -> Iterator[tuple[bytes, Matrix | None]]:
    """Yield each text with what pyarrow makes of it, while threads parse the next ones; None if numpy must parse it."""
    with ThreadPoolExecutor(_THREADS) as pool:
        started: deque[tuple[bytes, Future[Matrix | None]]] = deque()
        for text in texts:
            started.append((text, pool.submit(_parse_plain, text, form, shift, repeats)))
            if len(started) > _BLOCKS_AHEAD:
                text, table = started.popleft()
                yield text, table.result()
        for text, table in started:
            yield text, table.result()


def _parse_plain(text: bytes, form: Form, shift: Doubles | None, repeats: Repeats) -> Matrix | None:
    """Parse lines of plain numbers by pyarrow, minus `shift`, as float32 (n, d); None if numpy must parse them."""
    if repeats.may_be_in(text) or (found := _read_plain_batches(text, form)) is None:
        return None
    if shift is not None and any(part.shape[1] != len(shift) for part in found):
        return None
    with np.errstate(over="ignore"):
        parts = found if shift is None else [part - shift for part in found]
        return np.concatenate(parts, dtype=np.float32)


def read_plain(text: bytes, form: Form) -> Doubles | None:
    """Parse lines of plain numbers by pyarrow, float64 (n, d); None if numpy must parse them."""
    found = _read_plain_batches(text, form)
    return None if found is None else np.concatenate(found)


def _read_plain_batches(text: bytes, form: Form) -> list[Doubles] | None:
    try:
        import pyarrow
        from pyarrow import csv as arrow
    except ImportError:
        return None
    columns = text.count(b",", 0, text.find(b"\n")) + 1
    if columns > _ARROW_COLUMNS or text.startswith(BYTE_ORDER_MARK):
        return None
    if form.used is not None and (columns != form.columns or b'"' in text or _has_lone_returns(text)):
        return None
    used = None if form.used is None else [f"f{i}" for i in form.used]
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


def parse_as_json(text: bytes, form: Form, kind: Any) -> Matrix | None:
    """Parse lines of plain numbers by simdjson, as one JSON list: (n, columns), None if numpy must parse them."""
    columns = form.columns
    if columns is None or _has_lone_returns(text):
        return None
    try:
        table = _parse_wide(text, columns, kind) if columns >= _WIDE else _parse_narrow(text, columns, kind)
    except REFUSALS:
        return None
    return table if table is None or form.used is None else np.ascontiguousarray(table[:, form.used])


def _parse_wide(text: bytes, columns: int, kind: Any) -> Matrix | None:
    """Parse each line as a list of its own and check its length."""
    if b"[" in text or b"]" in text:
        return None
    rows = parse(b"[[" + text[:-1].replace(b"\n", b"],[") + b"]]")
    if set(map(len, rows)) != {columns}:
        return None
    return to_floats(take_list(rows), kind).reshape(-1, columns)


def _parse_narrow(text: bytes, columns: int, kind: Any) -> Matrix | None:
    """Parse all lines as one list, after checking that separators are where they belong."""
    separators = text.translate(None, _IN_NUMBERS)
    rows = len(separators) // columns
    if separators != (b"," * (columns - 1) + b"\n") * rows:
        return None
    return to_floats(take_list(parse(b"[" + text[:-1].replace(b"\n", b",") + b"]")), kind).reshape(rows, columns)


def parse_lines(
    lines: list[bytes], form: Form, first: int, shift: Doubles | None = None, kind: Any = np.float32
) -> Matrix:
    """Parse lines by numpy, (n, d); `first` is the number of the first line. Raises DecodeError for a fault."""
    filled = [line for line in lines if line.strip()]
    if not filled:
        return np.empty((0, form.width or 0), kind)
    if any(line.count(b'"') % 2 for line in filled):
        raise find_fault(lines, form, first, "quotes that are not closed in their line")
    if form.used is not None and not _are_as_wide(filled, form):
        raise find_fault(lines, form, first, f"lines that do not have {form.columns} columns")
    settings: dict[str, Any] = {"delimiter": ",", "quotechar": '"', "comments": None, "encoding": "latin-1"}
    settings |= {"usecols": form.used}
    read_as: Any = kind if shift is None else np.float64
    try:
        table: Any = np.loadtxt(filled, dtype=read_as, ndmin=2, **settings)
    except ValueError as error:
        raise find_fault(lines, form, first, str(error)) from None
    if shift is not None and table.shape[1] == len(shift):
        with np.errstate(over="ignore"):
            table = (table - shift).astype(kind)
    if not fits(table, form):
        raise find_fault(lines, form, first, "not a table of numbers")
    return np.asarray(table)


def _are_as_wide(lines: list[bytes], form: Form) -> bool:
    """Tell whether each line has the expected number of fields."""
    try:
        return all(len(fields) == form.columns for fields in csv.reader([line.decode("latin-1") for line in lines]))
    except csv.Error:
        return False


def fits(table: Matrix, form: Form) -> bool:
    """Tell whether a table has the expected number of columns and only finite values."""
    return form.labels < table.shape[1] and form.width in (None, table.shape[1]) and bool(np.isfinite(table).all())
