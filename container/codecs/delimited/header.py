"""The header line of CSV: its names, the columns selected by them, and copies of it further down."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from container.codecs.delimited.form import Form, is_number
from container.codecs.delimited.lines import describe_names, describe_open_quote
from container.codecs.delimited.widths import JOINED, describe_width, were_joined
from container.codecs.sniffing.sniff import BYTE_ORDER_MARK
from container.codecs.text.quoting import quote
from container.contract.errors import DecodeError
from container.rows.blocks import Guide
from container.rows.columns import are_numbered, show_names

_AROUND = b'" \t'
_MANY = 8  # names that are numbers, from which on no row is the same by chance
_FIRST_LINE = re.compile(rb"\s*(\S[^\r\n]*)(\r\n|\r|\n)")


def holds_names(head: bytes, known: Sequence[str] = ()) -> bool:
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
class Header:
    """The first line that is not blank: its names, its bytes, its row number, and the texts that follow.

    `names` is empty if there is no such line.
    """

    names: tuple[str, ...]
    line: bytes
    row: int
    texts: Iterator[bytes]
    noun: str

    @property
    def place(self) -> str:
        """Its location for messages, such as "row 1"."""
        return f"{self.noun} {self.row}"

    @property
    def holds_numbers(self) -> bool:
        """Tell whether every name is a number."""
        return all(map(is_number, self.names))


class Repeats:
    """Copies of the header among the rows, as in concatenated files: they are dropped, with one warning.

    A short header of numbers only could be a row, so its copies are kept.
    """

    def __init__(self, header: Header | None, warn: Callable[[str], None]) -> None:
        self._plain = header is not None and header.holds_numbers
        leave = header is None or (self._plain and len(header.names) < _MANY)
        self._line = b"" if leave or header is None else _bare(header.line)
        self._row = b"\n" + header.line.strip() + b"\n" if header is not None and leave else b""
        self._warn = warn
        self._said = False

    def may_be_in(self, text: bytes) -> bool:
        """Tell whether a text may contain a copy of the header that would parse as a row of numbers.

        Warns once if a row equals a header of numbers that is kept as a row.
        """
        if self._row and not self._said and self._row in b"\n" + text.replace(b"\r", b""):
            self._said = True
            self._warn(
                "a row is the same as the header of numbers. If it is the header again, remove it; it stays a row"
            )
        return self._plain and bool(self._line) and self._line in text.translate(None, _AROUND)

    def drop(self, lines: list[bytes]) -> list[bytes]:
        """Replace lines that equal the header by blank lines."""
        return [b"" if _bare(line) == self._line else line for line in lines] if self._line else lines

    def blank(self, lines: list[bytes], first: int) -> list[bytes]:
        """Blank out lines that equal the header, with a warning the first time; `first` is the number of `lines[0]`."""
        kept = self.drop(lines)
        if (
            not self._said
            and (again := next((n for n, line in enumerate(lines) if line and not kept[n]), None)) is not None
        ):
            self._said = True
            self._warn(
                f"row {first + again}: the header comes again, as where files were joined. Such lines are left out"
            )
        return kept


def _bare(line: bytes) -> bytes:
    """Remove quotes, blanks and a byte order mark, which may differ between copies of a header."""
    return line.removeprefix(BYTE_ORDER_MARK).strip().translate(None, _AROUND)


def read_header(texts: Iterator[bytes], charset: str, form: Form) -> Header:
    """Take the names from the first line that is not blank."""
    row = 0
    for text in texts:
        found = _FIRST_LINE.match(text)
        row += len((found[0] if found else text).splitlines())
        if found:
            names = tuple(_read_names(found[1], charset, f"{form.noun} {row}"))
            return Header(names, found[1], row, chain([text[found.end() :]], texts), form.noun)
    return Header((), b"", 0, iter(()), form.noun)


def follow_header(header: Header, form: Form, guide: Guide) -> Form:
    """Return the schema of the rows below a header, with the columns that `options` select.

    Raises DecodeError if the names are not valid or do not match what is expected.
    """
    if not header.names:
        return form
    training = form.training
    if problem := describe_names(header.names, training):
        raise DecodeError(problem, header.place)
    if len(header.names) == 1 and (training or (form.columns or 1) > 1):
        raise DecodeError(describe_width(header.names, form, header.row), header.place)
    names = header.names if training else header.names[form.labels :]
    try:
        chosen = guide.arrange(names)
    except DecodeError as error:
        raise DecodeError(error.problem + _explain_names(header, form), header.place) from None
    if chosen is None:
        if form.columns not in (None, len(header.names)) or len(header.names) <= form.labels:
            raise DecodeError(describe_width(header.names, form, header.row), header.place)
        if header.holds_numbers and not training:
            raise DecodeError("expected names, as header=present in the content type says, found numbers", header.place)
    elif training and header.holds_numbers and not _may_name(names):
        raise DecodeError(
            "expected names, as header=present in the content type says, found numbers. If the file has no header, "
            "leave header=present out",
            header.place,
        )
    elif training and header.holds_numbers and not are_numbered(names):
        guide.warn(f"{header.place} is taken for names, as header=present says, but holds numbers: {show_names(names)}")
    form = replace(form, columns=len(header.names), names=header.names, header=header.row)
    if chosen is None or (training and tuple(chosen) == tuple(range(len(names)))):
        return form
    if training:
        return replace(form, used=tuple(chosen))
    return replace(form, labels=0, used=tuple(form.labels + place for place in chosen))


def _explain_names(header: Header, form: Form) -> str:
    """Explain why names may differ from the expected ones."""
    if header.holds_numbers:
        return ". Its first line holds numbers only, as where a header is missing"
    joined = not form.training and were_joined(len(header.names), form.columns or 0)
    return f". {JOINED}" if joined and not any(text.strip() for text in header.texts) else ""


def _may_name(names: Sequence[str]) -> bool:
    """Tell whether numbers may serve as names, as years do: distinct whole numbers."""
    return all(name.isdigit() for name in names) and len(set(names)) == len(names)


def _read_names(line: bytes, charset: str, place: str) -> list[str]:
    try:
        text = line.decode(charset)
        if text.count('"') % 2:
            raise DecodeError(describe_open_quote(text), place)
        return [name.strip() for name in next(csv.reader([text], skipinitialspace=True))]
    except UnicodeError:
        problem = f"names that are not written as {charset}: {quote(line)}. Write the data as UTF-8"
        raise DecodeError(problem, place) from None
    except csv.Error as error:
        raise DecodeError(f"expected names separated by commas: {error}", place) from None
