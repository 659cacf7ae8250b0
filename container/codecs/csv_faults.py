"""What is wrong with lines of CSV that are no table of numbers: the first field at fault, and what to do about it."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from container.errors import DecodeError

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
TOO_LARGE = 2.0**128 - 2.0**103  # from there on a number rounds to infinity in 32 bits
MISSING = {"", "na", "n/a", "nan", "null", "none", "?"}


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
            return DecodeError(f"a quote that is not closed in its line: {line[:80].decode('latin-1')!r}", place)
        try:
            fields = next(csv.reader([line.decode("latin-1")]))
        except csv.Error as error:
            return DecodeError(f"expected numbers separated by commas: {error}", place)
        columns = columns or len(fields)
        header = number == 1 and not any(map(is_number, fields))
        if (len(fields) != columns or columns <= form.labels) and not header:
            return DecodeError(describe_width(fields, columns, form.labels), place)
        used = range(len(fields)) if form.used is None else sorted(form.used)
        wrong = next((i for i in used if not is_number(fields[i])), None)
        if wrong is not None:
            label = form.labels == 1 and wrong == (0 if form.used is None else form.used[0])
            return DecodeError(describe_field(fields[wrong], label, header), place, f"column {wrong + 1}")
    return DecodeError(otherwise, f"{form.noun}s {first} to {first + len(lines) - 1}")


def is_number(text: str) -> bool:
    """Tell whether a field is a number that float32 can hold."""
    stripped = text.strip()
    return bool(NUMBER.fullmatch(stripped)) and abs(float(stripped)) < TOO_LARGE


def describe_field(text: str, label: bool, header: bool) -> str:
    """Say why a field is no number, whether it is of the `label` or of what looks like a `header`, and what to do."""
    stripped = text.strip()
    found = f"expected a number, found {text[:80]!r}"
    if NUMBER.fullmatch(stripped):
        return f"{found}, which is too large for a 32-bit float"
    if stripped.lower() in MISSING:
        return f"{found}: a missing value. Remove rows with missing values or fill them in"
    if stripped.lower().lstrip("+-") in ("inf", "infinity"):
        return f"{found}: an infinite value. Remove or replace it"
    if separator := next((sign for sign in ";\t|" if sign in stripped), None):
        return f"{found}. Columns must be separated by commas, not by {separator!r}"
    if header:
        return f"{found}. Is this a header row? Then set the content type to text/csv;header=present"
    if label:
        return f"{found}. Column 1 is the label: write classes as numbers, 0, 1 and so on"
    return f"{found}. Write categories as numbers"


def describe_width(fields: Sequence[str], columns: int, labels: int) -> str:
    """Say that a line has too many or too few fields, and what to do."""
    if len(fields) != columns:
        expected = f"{columns} (a label and {columns - 1} features)" if labels else f"{columns}"
        hint = ""
        if not labels and len(fields) == columns + 1:
            hint = ". Does it still hold the label? Send features only, or say text/csv;label_size=1"
        return f"expected {expected} columns, found {len(fields)}{hint}"
    return f"expected a label and at least one feature, found one column, {fields[0][:80]!r}. The label comes first"
