"""Blocks of a table in CSV, parsed by pyarrow in threads: an arrow array for each column.

Tests: tests/container/codecs/test_csv_table.py.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from container.codecs.delimited.fields import split_fields
from container.codecs.delimited.form import CsvSchema
from container.codecs.delimited.header import normalize_line
from container.codecs.delimited.training import THREADS
from container.codecs.delimited.widths import explain_width
from container.codecs.tabular.header import CHARSET_ADVICE, TableHeader
from container.codecs.tabular.numbers import MISSING_TEXTS, read_numbers_where_plain
from container.codecs.text.quoting import quote_text
from container.contract.errors import DecodeError
from container.rows.raw import TableOptions


@dataclass(frozen=True)
class _Block:
    """Columns of a block of text, and how many rows it has, copies of the header among them; or its first fault.

    Faults of rows that are `skipped`, counted from 0, are in `faults`.
    """

    arrays: Mapping[str, Any]
    rows: int
    repeats: int = 0
    fault: DecodeError | None = None
    faults: Sequence[DecodeError] = ()

    @property
    def skipped(self) -> tuple[int, ...]:
        """The rows that were skipped, counted from 0."""
        return tuple(sorted(int(fault.location[0]) for fault in self.faults))


@dataclass(frozen=True)
class _Form:
    """How blocks are parsed: the header, the charset, the columns that are wanted, and those of them that are numbers.

    `numbers` is None for the first block, which decides.
    """

    header: TableHeader
    charset: str
    wanted: Sequence[str]
    numbers: frozenset[str] | None = None


def parse_blocks(
    texts: Iterable[bytes], header: TableHeader, charset: str, wanted: Sequence[str], options: TableOptions
) -> Iterator[_Block]:
    """Yield blocks with columns, while threads parse the next ones; raises DecodeError for a row of another width.

    The first block decides which columns are read as numbers; one that cannot be in a later block is texts there.
    """
    form = _Form(header, charset, wanted)
    blocks = iter(texts)
    row = header.row + 1
    for text in blocks:
        first = _parse_block(text, form, options)
        yield _check_block(first, row, options)
        row += first.rows
        if first.rows > first.repeats + len(first.faults):
            numbers = frozenset(name for name, array in first.arrays.items() if str(array.type) == "double")
            form = _Form(header, charset, wanted, numbers)
            break
    with ThreadPoolExecutor(THREADS) as pool:
        started: deque[Future[_Block]] = deque()
        for text in blocks:
            started.append(pool.submit(_parse_block, text, form, options))
            if len(started) > THREADS + 1:
                yield (block := _check_block(started.popleft().result(), row, options))
                row += block.rows
        for future in started:
            yield (block := _check_block(future.result(), row, options))
            row += block.rows


def _check_block(block: _Block, first_row: int, options: TableOptions) -> _Block:
    """Return a block; raise its fault, whose row counts from 0, with the row in the file."""
    if block.fault is not None:
        (row,) = block.fault.location or ("0",)
        raise DecodeError(block.fault.problem, f"row {first_row + int(row)}")
    for fault in block.faults:
        assert options.skip_row is not None
        options.skip_row(fault.problem, first_row + int(fault.location[0]))
    if block.repeats:
        options.warn("the header comes again among the rows, as where files were joined. Such lines are left out")
    return block


def _parse_block(text: bytes, form: _Form, options: TableOptions) -> _Block:
    """Parse a block of whole records."""
    repeats = 0
    faults: list[DecodeError] | None = None if options.skip_row is None else []
    try:
        text = _encode_utf8(text, form.charset)
        arrays = None if form.numbers is None else _read_arrays(text, form, form.numbers, faults)
        if arrays is None:
            if faults:
                faults.clear()
            text, repeats = _drop_repeated_headers(text, form.header.line)
            arrays = read_numbers_where_plain(_read_arrays(text, form, frozenset(), faults) or {}, options.text_names)
    except DecodeError as error:
        return _Block({}, 0, repeats, error)
    rows = len(next(iter(arrays.values()), ()))
    return _Block(arrays, rows + repeats + len(faults or ()), repeats, None, faults or ())


def _drop_repeated_headers(text: bytes, line: bytes) -> tuple[bytes, int]:
    """Return the text without lines that are the header, but for quotes and blanks, and how many there were."""
    header = normalize_line(line)
    if not header:
        return text, 0
    lines = text.splitlines(keepends=True)
    kept = [one for one in lines if normalize_line(one) != header]
    return b"".join(kept), len(lines) - len(kept)


def _read_arrays(
    text: bytes, form: _Form, numbers: frozenset[str], faults: list[DecodeError] | None
) -> dict[str, Any] | None:
    """Return the wanted columns of a text: float64 those of `numbers`, texts the others.

    None where a value of `numbers` is none. Rows of another width are skipped, and added to `faults`, if it is there.
    """
    import pyarrow
    from pyarrow import csv

    bad: list[Any] = []

    def note_row(row: Any) -> str:
        if faults is None:
            bad.append(row)
            return "error"
        faults.append(_explain_row(row, form.header))
        return "skip"

    texts = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
    has_quotes = b'"' in text
    try:
        table = csv.read_csv(
            pyarrow.BufferReader(text),
            csv.ReadOptions(
                use_threads=False,
                column_names=form.header.names,
                block_size=len(text) + 1 if has_quotes else max(1 << 20, len(form.header.names) << 10),
            ),
            csv.ParseOptions(
                delimiter=form.header.delimiter, newlines_in_values=has_quotes, invalid_row_handler=note_row
            ),
            csv.ConvertOptions(
                column_types={name: pyarrow.float64() if name in numbers else texts for name in form.header.names},
                include_columns=list(form.wanted),
                null_values=list(MISSING_TEXTS),
                strings_can_be_null=False,
            ),
        )
    except pyarrow.ArrowInvalid as error:
        if bad:
            raise _explain_row(bad[0], form.header) from None
        if numbers:
            return None
        reason = str(error).partition("\n")[0][:120]
        raise DecodeError(f"not a table ({reason})", "0") from None
    return {name: _join_chunks(table[name]) for name in form.wanted}


def _join_chunks(column: Any) -> Any:
    """Return a chunked array as one."""
    import pyarrow

    return column.unify_dictionaries().combine_chunks() if column.num_chunks else pyarrow.array([], column.type)


def _explain_row(row: Any, header: TableHeader) -> DecodeError:
    """Explain a row of another width than the header's; its place counts from 0 within the block."""
    fields = split_fields(row.text, header.delimiter) or [row.text]
    schema = CsvSchema(len(header.names), 0, "row", header.names, header_row=header.row)
    return DecodeError(explain_width(fields, schema, 0), str((row.number or 1) - 1))


def _encode_utf8(text: bytes, charset: str) -> bytes:
    """Return a text as UTF-8; raises DecodeError, whose place counts from 0, for a line that is not written so."""
    if text.isascii():
        return text
    try:
        return text.decode(charset).encode()
    except UnicodeError:
        for row, line in enumerate(text.splitlines()):
            try:
                line.decode(charset)
            except UnicodeError:
                name = "UTF-8" if charset.lower() in ("utf-8", "utf8") else charset
                problem = f"text that is not {name}: {quote_text(line)}. {CHARSET_ADVICE}"
                raise DecodeError(problem, str(row)) from None
        raise DecodeError(f"text that is not {charset}. {CHARSET_ADVICE}", "0") from None
