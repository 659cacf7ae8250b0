"""The header of a table in CSV: the names of its columns.

Tests: tests/container/codecs/test_csv_table.py.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from container.codecs.delimited.fields import find_delimiter, split_fields
from container.codecs.delimited.form import is_number
from container.codecs.delimited.header import may_be_names
from container.codecs.delimited.lines import explain_open_quote, explain_stray_header
from container.codecs.text.quoting import quote_text
from container.contract.errors import DecodeError
from container.rows.columns import find_index_columns, make_names_distinct

INDEX_MARK = "\0index"
CHARSET_ADVICE = (
    "Write the data as UTF-8, or say what it is by the parameter charset of the content type, such as "
    "text/csv;header=present;charset=cp1252"
)


@dataclass(frozen=True)
class TableHeader:
    """The header of a table: all names, distinct, its line as it is, the sign between fields, and its row.

    The columns of a pandas frame's index have names that begin with INDEX_MARK; `index_names` are those in the file.
    """

    names: tuple[str, ...]
    line: bytes
    delimiter: str
    row: int
    index_names: tuple[str, ...]
    is_numeric: bool


def read_table_header(
    texts: Iterator[bytes], charset: str, delimiter: str
) -> tuple[TableHeader | None, Iterator[bytes]]:
    """Take the names from the first line that is not blank; return them and the texts below; None if there is no line.

    Without a delimiter, the line tells which it is.
    """
    row = 0
    for text in texts:
        for line in text.splitlines(keepends=True):
            row += 1
            if line.strip():
                header = _parse_header(line, charset, delimiter, row)
                below = text[text.index(line) + len(line) :]
                return header, chain([below] if below else [], texts)
    return None, iter(())


def make_table_header(
    texts: Iterator[bytes], delimiter: str, name_columns: Callable[[int], Sequence[str]]
) -> tuple[TableHeader | None, Iterator[bytes]]:
    """Return names for the columns of a table that has none, by how many the first row has, and all texts."""
    for text in texts:
        if line := next(filter(bytes.strip, text.splitlines()), b""):
            count = len(split_fields(line.decode("utf-8", "replace"), delimiter) or [line])
            try:
                names = tuple(name_columns(count))
            except DecodeError as error:
                raise DecodeError(error.problem, "row 1") from None
            return TableHeader(names, b"", delimiter, 0, (), is_numeric=False), chain([text], texts)
    return None, iter(())


def _parse_header(line: bytes, charset: str, delimiter: str, row: int) -> TableHeader:
    try:
        text = line.decode(charset).strip(" \r\n")
    except UnicodeError:
        problem = f"names that are not written as {charset}: {quote_text(line)}. {CHARSET_ADVICE}"
        raise DecodeError(problem, f"row {row}") from None
    if text.count('"') % 2:
        raise DecodeError(explain_open_quote(text), f"row {row}")
    sign = delimiter or find_delimiter(text)
    names = split_fields(text, sign)
    if stray := explain_stray_header(names, training=True):
        raise DecodeError(stray, f"row {row}")
    is_numeric = bool(names) and all(map(is_number, names))
    if is_numeric and not may_be_names(names):
        raise DecodeError(
            "expected names, as header=present in the content type says, found numbers. If the file has no header, "
            "leave header=present out",
            f"row {row}",
        )
    index = find_index_columns(names)
    distinct = iter(make_names_distinct([name for i, name in enumerate(names) if i not in index]))
    named = tuple(f"{INDEX_MARK}{i}" if i in index else next(distinct) for i in range(len(names)))
    return TableHeader(named, line.strip(), sign, row, tuple(names[i] for i in index), is_numeric)
