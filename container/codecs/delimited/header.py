"""The header line of CSV: its names, the columns selected by them, and copies of it further down."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from container.codecs.delimited.fields import find_delimiter
from container.codecs.delimited.form import CsvSchema, is_number
from container.codecs.delimited.lines import explain_open_quote, explain_stray_header
from container.codecs.delimited.widths import LOST_LINE_BREAKS, explain_width, may_be_joined_lines
from container.codecs.sniffing.sniff import BYTE_ORDER_MARK
from container.codecs.text.quoting import quote_text
from container.contract.errors import DecodeError
from container.rows.blocks import DecodeOptions
from container.rows.columns import index_column_count, is_permuted_range, show_names

_QUOTES_AND_BLANKS = b'" \t'
_MANY_NAMES = 8  # names that are numbers, from which on no row is the same by chance
_FIRST_LINE = re.compile(rb"(?:[ \t\f\v]*+(?:\r\n|\r|\n))*+([^\r\n]*\S[^\r\n]*)(\r\n|\r|\n)")


def has_header_line(head: bytes, known: Sequence[str] = ()) -> bool:
    """Tell whether the first line of a text is a header: it has all `known` names, or no field is a number."""
    line = head.removeprefix(BYTE_ORDER_MARK).lstrip().splitlines()[:1]
    try:
        fields = next(csv.reader([part.decode("utf-8", "replace") for part in line]), [])
    except csv.Error:
        return False
    if known and {*known} <= {field.strip() for field in fields}:
        return True
    return any(field.strip() for field in fields) and not any(map(is_number, fields))


@dataclass(frozen=True)
class HeaderLine:
    """The first line that is not blank: its names, its bytes, its row number, and the texts that follow.

    `names` is empty if there is no such line. `delimiter` is the sign between the names.
    """

    names: tuple[str, ...]
    line: bytes
    row: int
    following_texts: Iterator[bytes]
    noun: str
    delimiter: str = ","

    @property
    def location(self) -> str:
        """Its location for messages, such as "row 1"."""
        return f"{self.noun} {self.row}"

    @property
    def is_numeric_only(self) -> bool:
        """Tell whether every name is a number."""
        return all(map(is_number, self.names))


class RepeatedHeader:
    """Copies of the header among the rows, as in concatenated files: they are dropped, with one warning.

    A short header of numbers only could be a row, so its copies are kept.
    """

    def __init__(self, header: HeaderLine | None, warn: Callable[[str], None]) -> None:
        self._plain = header is not None and header.is_numeric_only
        leave = header is None or (self._plain and len(header.names) < _MANY_NAMES)
        self._line = b"" if leave or header is None else normalize_line(header.line)
        self._row = b"\n" + header.line.strip() + b"\n" if header is not None and leave else b""
        self._warn = warn
        self._has_warned = False

    def may_be_in(self, text: bytes) -> bool:
        """Tell whether a text may contain a copy of the header that would parse as a row of numbers.

        Warns once if a row equals a header of numbers that is kept as a row.
        """
        if self._row and not self._has_warned and self._row in b"\n" + text.replace(b"\r", b""):
            self._has_warned = True
            self._warn(
                "a row is the same as the header of numbers. If it is the header again, remove it; it stays a row"
            )
        return self._plain and bool(self._line) and self._line in text.translate(None, _QUOTES_AND_BLANKS)

    def blank_out(self, lines: list[bytes]) -> list[bytes]:
        """Replace lines that equal the header by blank lines."""
        return [b"" if normalize_line(line) == self._line else line for line in lines] if self._line else lines

    def blank_out_and_warn(self, lines: list[bytes], first: int) -> list[bytes]:
        """Blank out lines that equal the header, with a warning the first time; `first` is the number of `lines[0]`."""
        kept = self.blank_out(lines)
        if (
            not self._has_warned
            and (again := next((n for n, line in enumerate(lines) if line and not kept[n]), None)) is not None
        ):
            self._has_warned = True
            self._warn(
                f"row {first + again}: the header comes again, as where files were joined. Such lines are left out"
            )
        return kept


def normalize_line(line: bytes) -> bytes:
    """Remove quotes, blanks and a byte order mark, which may differ between copies of a header."""
    return line.removeprefix(BYTE_ORDER_MARK).strip().translate(None, _QUOTES_AND_BLANKS)


def read_header(texts: Iterator[bytes], charset: str, schema: CsvSchema, delimiter: str = "") -> HeaderLine:
    """Take the names from the first line that is not blank; without a delimiter, the line tells which it is."""
    row = 0
    for text in texts:
        found = _FIRST_LINE.match(text)
        row += len((found[0] if found else text).splitlines())
        if found:
            line, place = found[1].strip(b" "), f"{schema.noun} {row}"
            delimiter, names = _read_names(line, charset, delimiter, place)
            return HeaderLine(names, line, row, chain([text[found.end() :]], texts), schema.noun, delimiter)
    return HeaderLine((), b"", 0, iter(()), schema.noun)


def schema_below_header(header: HeaderLine, schema: CsvSchema, options: DecodeOptions) -> CsvSchema:
    """Return the schema of the rows below a header, with the columns that `options` select.

    Raises DecodeError if the names are not valid or do not match what is expected.
    """
    if not header.names:
        return schema
    schema = replace(schema, delimiter=header.delimiter)
    training, labelled = schema.is_training, schema.is_training and options.labelled
    if problem := explain_stray_header(header.names, training):
        raise DecodeError(problem, header.location)
    if len(header.names) == 1 and (labelled or (schema.column_count or 1) > 1):
        raise DecodeError(explain_width(header.names, schema, header.row), header.location)
    left = _leave_out_label(header.names, 0 if labelled else schema.label_count)
    names = [header.names[i] for i in left]
    try:
        chosen = options.arrange_columns(names)
    except DecodeError as error:
        raise DecodeError(error.problem + _explain_unexpected_names(header, schema), header.location) from None
    if chosen is None:
        if schema.column_count not in (None, len(header.names)) or len(header.names) <= schema.label_count:
            raise DecodeError(explain_width(header.names, schema, header.row), header.location)
        if header.is_numeric_only and not training:
            raise DecodeError(
                "expected names, as header=present in the content type says, found numbers", header.location
            )
    elif training and header.is_numeric_only and not may_be_names(names):
        raise DecodeError(
            "expected names, as header=present in the content type says, found numbers. If the file has no header, "
            "leave header=present out",
            header.location,
        )
    elif training and header.is_numeric_only and not is_permuted_range(names):
        options.warn(
            f"{header.location} is taken for names, as header=present says, but holds numbers: {show_names(names)}"
        )
    schema = replace(schema, column_count=len(header.names), names=header.names, header_row=header.row)
    used = None if chosen is None else tuple(left[place] for place in chosen)
    if used is None or (training and used == tuple(range(len(header.names)))):
        return schema
    return replace(schema, label_count=int(labelled), used_columns=used)


def _leave_out_label(names: Sequence[str], labels: int) -> list[int]:
    """Return the places of all columns but a label, if there is one, which stands behind the index of a frame."""
    first = index_column_count(names) if labels else 0
    return [i for i in range(len(names)) if not first <= i < first + labels]


def _explain_unexpected_names(header: HeaderLine, schema: CsvSchema) -> str:
    """Explain why names may differ from the expected ones."""
    if header.is_numeric_only:
        return ". Its first line holds numbers only, as where a header is missing"
    joined = not schema.is_training and may_be_joined_lines(len(header.names), schema.column_count or 0)
    return f". {LOST_LINE_BREAKS}" if joined and not any(text.strip() for text in header.following_texts) else ""


def may_be_names(names: Sequence[str]) -> bool:
    """Tell whether numbers may serve as names, as years do: distinct whole numbers."""
    return all(name.isdigit() for name in names) and len(set(names)) == len(names)


def _read_names(line: bytes, charset: str, delimiter: str, place: str) -> tuple[str, tuple[str, ...]]:
    """Return the delimiter, that is given or found, and the names."""
    try:
        text = line.decode(charset)
        if text.count('"') % 2:
            raise DecodeError(explain_open_quote(text), place)
        sign = delimiter or find_delimiter(text)
        return sign, tuple(name.strip() for name in next(csv.reader([text], delimiter=sign, skipinitialspace=True)))
    except UnicodeError:
        problem = f"names that are not written as {charset}: {quote_text(line)}. Write the data as UTF-8"
        raise DecodeError(problem, place) from None
    except csv.Error as error:
        raise DecodeError(f"expected names in fields: {error}", place) from None
