"""Lines of CSV with too many or too few fields: the likely cause and the fix."""

import re
from collections.abc import Sequence
from itertools import pairwise

from container.codecs.delimited.form import Form, count_commas, is_number, say_commas
from container.codecs.text.amounts import MONEY
from container.codecs.text.quoting import quote
from container.codecs.text.value_faults import describe_separation

JOINED = "Were line breaks lost, as by curl -d? Send the body by --data-binary"

_LOOKED_AT = 100  # fields, to tell what a line is
_TWO_NUMBERS = re.compile(r"[-+\d.eE]+", re.ASCII)
_WHOLE = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_THOUSANDS, _REST = re.compile(rf"\s*[+-]?{MONEY}?[1-9]\d{{0,2}}"), re.compile(r"\d{3}(?:\.\d*)?\s*")


def describe_width(fields: Sequence[str], form: Form, number: int, quoted: bool = False) -> str:
    """Explain a line with too many or too few fields; `quoted` tells whether its first field is quoted.

    `schema.column_count` must be known.
    """
    columns = form.columns or len(fields)
    if len(fields) == columns:
        return (
            f"expected a label and at least one feature, found one column, {quote(fields[0])}. "
            f"{_explain_one_column(fields[0], number) or 'The label comes first'}"
        )
    expected = f"{columns} (a label and {columns - 1} features)" if form.labels else f"{columns}"
    problem = f"expected {expected} columns, found {len(fields)}"
    if len(fields) == 1:
        hint = _explain_one_column(fields[0], number)
        return f"{problem}, {quote(fields[0])}. {hint}" if hint else problem
    hint = _explain_few(fields, form) if len(fields) < columns else _explain_many(fields, form, number, quoted)
    return problem + hint


def were_joined(found: int, columns: int) -> bool:
    """Tell whether so many fields may be several rows whose line breaks were lost.

    >>> were_joined(901, 3), were_joined(900, 3), were_joined(3, 3)
    (True, False, False)
    """
    return found > columns > 1 and (found - 1) % (columns - 1) == 0


def _explain_one_column(text: str, number: int) -> str | None:
    """Explain a line of a single field: how its columns are separated instead of by commas."""
    if "," in text:
        return "Quotes stand around the whole row: remove them"
    if separation := describe_separation(text):
        return separation
    if len(text.split()) < 2:
        return None
    title = "; if it is a title, remove it" if number == 1 else ""
    return f"Are its columns separated by blanks? Separate them by commas{title}"


def _explain_few(fields: Sequence[str], form: Form) -> str:
    commas = count_commas(form.names)
    if not commas or len(form.names) - commas != len(fields):
        return ""
    ending, them = say_commas(commas)
    return f": the header ends in {ending}. Remove {them}"


def _explain_many(fields: Sequence[str], form: Form, number: int, quoted: bool) -> str:
    columns = form.columns or 0
    over = len(fields) - columns
    if count_commas(tuple(fields)) >= over:
        ending, them = say_commas(over)
        return f": the line ends in {ending}. Remove {'the comma' if over == 1 else them}"
    joined = not form.training and number == 1 and were_joined(len(fields), columns)
    if over == 1 and not form.labels and not form.names:
        cut = joined and _TWO_NUMBERS.fullmatch(fields[columns - 1]) and not is_number(fields[columns - 1])
        return f". {JOINED}" if cut else _explain_label(fields)
    decimal = _explain_commas(fields, over)
    if over == 1 and number == form.header + 1 > 1:
        return _explain_first_row(fields, form, quoted, decimal)
    if joined:
        return f"{decimal}. {JOINED}" if decimal and len(fields) <= 2 * columns else f". {JOINED}"
    return decimal


def _explain_label(fields: Sequence[str]) -> str:
    if not is_number(fields[0]) and any(map(is_number, fields[1:_LOOKED_AT])):
        return f". Is the first, {quote(fields[0])}, an id or index? Send features only"
    return (
        ". Does it still hold the label? Send features only, no id or index either, or say 'text/csv;label_size=1' "
        "if the label comes first"
    )


def _explain_commas(fields: Sequence[str], over: int) -> str:
    """Suspect decimal commas or thousands separators, if there may be as many as there are extra fields; else ""."""
    cut = sum(bool(_THOUSANDS.fullmatch(one) and _REST.fullmatch(other)) for one, other in pairwise(fields))
    if cut < over and not all(map(_WHOLE.fullmatch, fields)):
        return ""
    return ". Is there a decimal comma or a thousands separator? Write 1.5 for 1,5 and 1234 for 1,234"


def _explain_first_row(fields: Sequence[str], form: Form, quoted: bool, decimal: str) -> str:
    """Explain the first row below the header having one extra field: an index, as R writes it, or a lost name."""
    first = fields[0].strip()
    if not (first in ("0", "1") or (quoted and first.isdigit()) or not is_number(first)):
        return decimal or ". Is a name missing in the header?"
    remedy = f"""put "", before the names: sed '{form.header}s/^/"",/' FILE > fixed.csv""" if form.training else ""
    index = f". Does each row begin with an index that the header does not name? Then {remedy or 'remove it'}"
    return index + decimal
