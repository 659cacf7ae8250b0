"""What is wrong with lines of CSV that are no table of numbers: the first field at fault, and what to do about it."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from container.codecs.amounts import NUMBER
from container.codecs.quoting import decode_text, quote
from container.codecs.value_faults import describe_separation, explain
from container.columns import counts_up
from container.errors import DecodeError

TOO_LARGE = 2.0**128 - 2.0**103  # from there on a number rounds to infinity in 32 bits

_LOOKED_AT = 100  # fields, to tell what a line is


@dataclass(frozen=True)
class Form:
    """What lines are expected to be: how many fields, the first of them a label or not, and what a line is called.

    `columns` is None where the first line decides. `names` are those of a header, if there was one. `used` are the
    numbers of the fields that are read, from 0; None means all. A field that is not used may hold anything.
    """

    columns: int | None
    labels: int
    noun: str
    names: tuple[str, ...] = ()
    used: tuple[int, ...] | None = None

    @property
    def width(self) -> int | None:
        """The number of fields that are read."""
        return self.columns if self.used is None else len(self.used)


def find_fault(lines: list[bytes], form: Form, first: int, otherwise: str) -> DecodeError:
    """Find the first field at fault, as slowly and exactly as it takes; `first` is the number of the first line.

    The error says `otherwise` where every line is as it should be.
    """
    columns = form.columns
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        place = f"{form.noun} {number}"
        if line.count(b'"') % 2:
            return DecodeError(f"a quote that is not closed in its line: {quote(line)}", place)
        try:
            fields = next(csv.reader([line.decode("latin-1")]))
        except csv.Error as error:
            return DecodeError(f"expected numbers separated by commas: {error}", place)
        columns = columns or len(fields)
        header = number == 1 and not form.names and _may_be_header(fields, columns, form.labels)
        width = (len(fields) != columns or columns <= form.labels) and not header
        used = range(len(fields)) if form.used is None else sorted(form.used)
        wrong = None if width else next((i for i in used if not is_number(fields[i])), None)
        if not width and wrong is None:
            continue
        texts = _decode(fields)
        if problem := _describe_line(texts[:_LOOKED_AT], form, number):
            return DecodeError(problem, place)
        if wrong is None:
            return DecodeError(describe_width(texts, columns, form.labels, bool(form.names)), place)
        label = form.labels == 1 and wrong == (0 if form.used is None else form.used[0])
        column = f"column {wrong + 1}"
        name = form.names[wrong] if wrong < len(form.names) else ""
        extra = wrong == len(fields) - 1 > 0 and not (name if form.names else number > 1 or not form.labels)
        alone = number == 1 and label and not form.names and all(map(is_number, fields[1:]))
        problem = _describe_field(texts[wrong], column if label else "", header, extra, alone)
        return DecodeError(problem, place, f"{column} ({quote(name)})" if name else column)
    return DecodeError(otherwise, f"{form.noun}s {first} to {first + len(lines) - 1}")


def is_number(text: str) -> bool:
    """Tell whether a field is a number that float32 can hold."""
    stripped = text.strip()
    return bool(NUMBER.fullmatch(stripped)) and abs(float(stripped)) < TOO_LARGE


def describe_width(fields: Sequence[str], columns: int, labels: int, named: bool = False) -> str:
    """Say that a line has too many or too few fields, and what to do; `named` if a header says how many there are."""
    if len(fields) == columns:
        return (
            f"expected a label and at least one feature, found one column, {quote(fields[0])}. "
            f"{_explain_one_column(fields[0]) or 'The label comes first'}"
        )
    expected = f"{columns} (a label and {columns - 1} features)" if labels else f"{columns}"
    problem = f"expected {expected} columns, found {len(fields)}"
    if len(fields) > 1:
        return f"{problem}{_explain_width(fields, columns, labels, named)}"
    hint = _explain_one_column(fields[0])
    return f"{problem}, {quote(fields[0])}. {hint}" if hint else problem


def _explain_one_column(text: str) -> str | None:
    """Say how the columns of a line are separated that has none for CSV."""
    if "," in text:
        return "Quotes stand around the whole row: remove them"
    if separation := describe_separation(text):
        return separation
    return "Are its columns separated by blanks? Separate them by commas" if len(text.split()) > 1 else None


def _explain_width(fields: Sequence[str], columns: int, labels: int, named: bool) -> str:
    if len(fields) == columns + 1 and not fields[-1].strip():
        return ": the line ends in a comma. Remove the comma"
    if len(fields) == columns + 1 and named:
        return ". Does each row begin with an index that the header does not name? Remove it, or name it"
    if len(fields) == columns + 1 and not labels:
        if not is_number(fields[0]) and any(map(is_number, fields[1:_LOOKED_AT])):
            return f". Is the first, {quote(fields[0])}, an id or index? Send features only"
        return (
            ". Does it still hold the label? Send features only, no id or index either, or say text/csv;label_size=1 "
            "if the label comes first"
        )
    if len(fields) == 2 * columns and all(re.fullmatch(r"[+-]?\d+", field.strip()) for field in fields[::2]):
        return ". Are there decimal commas? Write decimals with a point, such as 1.5"
    return ""


def _describe_line(fields: Sequence[str], form: Form, number: int) -> str | None:
    """Say what a line is that is no row at all, as far as its first fields tell; None where it looks like one."""
    start, filled = fields[0].lstrip(), [field for field in fields if field.strip()]
    shown = quote(",".join(fields))
    if start.startswith("#") and not explain(start):
        return f"expected numbers, found a comment, {shown}. Remove it: every line must be data"
    if re.fullmatch(r"sep=.?", ",".join(fields)):
        return f"expected numbers, found {shown}, which is for Excel. Remove the line"
    if form.names and tuple(field.strip() for field in fields) == form.names[:_LOOKED_AT]:
        return f"expected numbers, found the header again, {shown}. Are files joined here? Remove it"
    if number > 1 and len(filled) > 1 and _is_header(filled):
        return f"expected numbers, found {shown}. Is this a header, of files that were joined? Remove it"
    row = ",".join(fields).strip()
    if row.endswith(";") and row.count(";") == 1:
        return f"expected numbers, found {shown}: the line ends in ';'. Remove the sign"
    if re.search(r"\d,\d", row) and any(sign in row for sign in ";\t|"):
        return f"expected numbers separated by commas, found {shown}. {describe_separation(row)}"
    return None


def _is_header(fields: Sequence[str]) -> bool:
    """Tell whether fields may be names: none is a number, and most are nothing else that is known."""
    looked_at = fields[:_LOOKED_AT]
    unknown = sum(explain(field) is None for field in looked_at)
    return 2 * unknown > len(looked_at) and not any(map(is_number, fields))


def _may_be_header(fields: list[str], columns: int, labels: int) -> bool:
    if labels and _names_numbers(fields):
        return True
    return (len(fields) > 1 or columns == 1 > labels) and _is_header(_decode(fields))


def _names_numbers(fields: Sequence[str]) -> bool:
    """Tell whether fields are names of which all but the first count up, as pandas writes those of an array."""
    first, *others = fields
    return bool(others) and not is_number(first) and counts_up([other.strip() for other in others])


def _describe_field(text: str, label: str, header: bool, extra: bool, first: bool) -> str:
    """Say why a field is no number and what to do.

    `label` names its column if it is the label's. A `header` may be names, what is `extra` stands behind a comma that
    ends the line, and what is `first` begins the data, with numbers behind it.
    """
    found = f"expected a number, found {quote(text)}"
    if header:
        return f"{found}. Is this a header row? Then set the content type to text/csv;header=present"
    if extra and not text.strip():
        return f"{found}: the line ends in a comma. Remove it if all lines end in one; else fill in what is missing"
    if explained := explain(text):
        return f"{found}{explained}"
    if not label:
        return f"{found}. Write categories as numbers"
    hint = ". Remove it if it is an id" if re.search(r"\d", text) else ""
    if first:
        hint += "; if this is a header row, set the content type to text/csv;header=present"
    return f"{found}. {label.capitalize()} is the label: write classes as numbers, 0, 1 and so on{hint}"


def _decode(fields: list[str]) -> list[str]:
    """Give what fields say that were read byte by byte; of each at least as much as is shown."""
    return [field if field.isascii() else decode_text(field.encode("latin-1")) for field in fields]
