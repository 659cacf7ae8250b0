"""Lines of CSV with too many or too few fields: the likely cause and the fix."""

import re
from collections.abc import Sequence
from itertools import pairwise

from container.codecs.delimited.fields import DELIMITER_NAMES, guess_delimiter
from container.codecs.delimited.form import CsvSchema, comma_phrases, is_number, trailing_comma_count
from container.codecs.text.amounts import CURRENCY_PATTERN
from container.codecs.text.quoting import quote_text
from container.codecs.text.value_faults import explain_separator

LOST_LINE_BREAKS = "Were line breaks lost, as by curl -d? Send the body by --data-binary"

_INSPECTED_FIELDS = 100  # fields, to tell what a line is
_ONLY_NUMBER_SIGNS = re.compile(r"[-+\d.eE]+", re.ASCII)
_WHOLE = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_THOUSANDS, _AFTER_THOUSANDS = (
    re.compile(rf"\s*[+-]?{CURRENCY_PATTERN}?[1-9]\d{{0,2}}"),
    re.compile(r"\d{3}(?:\.\d*)?\s*"),
)


def explain_width(fields: Sequence[str], schema: CsvSchema, number: int, quoted: bool = False) -> str:
    """Explain a line with too many or too few fields; `quoted` tells whether its first field is quoted.

    `schema.column_count` must be known.
    """
    columns = schema.column_count or len(fields)
    if len(fields) == columns:
        return (
            f"expected a label and at least one feature, found one column, {quote_text(fields[0])}. "
            f"{_explain_one_column(fields[0], schema, number) or 'The label comes first'}"
        )
    expected = f"{columns} (a label and {columns - 1} features)" if schema.label_count else f"{columns}"
    problem = f"expected {expected} columns, found {len(fields)}"
    if len(fields) == 1:
        hint = _explain_one_column(fields[0], schema, number)
        return f"{problem}, {quote_text(fields[0])}. {hint}" if hint else problem
    hint = (
        _explain_missing_fields(fields, schema)
        if len(fields) < columns
        else _explain_extra_fields(fields, schema, number, quoted)
    )
    return problem + hint


def may_be_joined_lines(field_count: int, column_count: int) -> bool:
    """Tell whether so many fields may be several rows whose line breaks were lost.

    >>> may_be_joined_lines(901, 3), may_be_joined_lines(900, 3), may_be_joined_lines(3, 3)
    (True, False, False)
    """
    return field_count > column_count > 1 and (field_count - 1) % (column_count - 1) == 0


def _explain_one_column(text: str, schema: CsvSchema, number: int) -> str | None:
    """Explain a line of a single field: how its columns are separated instead of by the delimiter."""
    if schema.delimiter != ",":
        found = guess_delimiter(text)
        if found == schema.delimiter or found not in text:
            return None
        return f"Its columns are separated by {DELIMITER_NAMES[found]}s, not by {DELIMITER_NAMES[schema.delimiter]}s"
    if "," in text:
        return "Quotes stand around the whole row: remove them"
    if separation := explain_separator(text):
        return separation
    if len(text.split()) < 2:
        return None
    title = "; if it is a title, remove it" if number == 1 else ""
    return f"Are its columns separated by blanks? Separate them by commas{title}"


def _explain_missing_fields(fields: Sequence[str], schema: CsvSchema) -> str:
    commas = trailing_comma_count(schema.names)
    if not commas or len(schema.names) - commas != len(fields):
        return ""
    ending, them = comma_phrases(commas, schema.delimiter)
    return f": the header ends in {ending}. Remove {them}"


def _explain_extra_fields(fields: Sequence[str], schema: CsvSchema, number: int, quoted: bool) -> str:
    columns = schema.column_count or 0
    over = len(fields) - columns
    if trailing_comma_count(tuple(fields)) >= over:
        ending, them = comma_phrases(over, schema.delimiter)
        return f": the line ends in {ending}. Remove {f'the {ending[2:]}' if over == 1 else them}"
    joined = not schema.is_training and number == 1 and may_be_joined_lines(len(fields), columns)
    if over == 1 and not schema.label_count and not schema.names:
        cut = joined and _ONLY_NUMBER_SIGNS.fullmatch(fields[columns - 1]) and not is_number(fields[columns - 1])
        return f". {LOST_LINE_BREAKS}" if cut else _explain_extra_label(fields)
    decimal = _explain_commas_in_numbers(fields, over) if schema.delimiter == "," else ""
    if over == 1 and number == schema.header_row + 1 > 1:
        return _explain_first_row(fields, schema, quoted, decimal)
    if joined:
        return f"{decimal}. {LOST_LINE_BREAKS}" if decimal and len(fields) <= 2 * columns else f". {LOST_LINE_BREAKS}"
    return decimal


def _explain_extra_label(fields: Sequence[str]) -> str:
    if not is_number(fields[0]) and any(map(is_number, fields[1:_INSPECTED_FIELDS])):
        return f". Is the first, {quote_text(fields[0])}, an id or index? Send features only"
    return (
        ". Does it still hold the label? Send features only, no id or index either, or say 'text/csv;label_size=1' "
        "if the label comes first"
    )


def _explain_commas_in_numbers(fields: Sequence[str], extra_count: int) -> str:
    """Suspect decimal commas or thousands separators, if there may be as many as there are extra fields; else ""."""
    cut = sum(bool(_THOUSANDS.fullmatch(one) and _AFTER_THOUSANDS.fullmatch(other)) for one, other in pairwise(fields))
    if cut < extra_count and not all(map(_WHOLE.fullmatch, fields)):
        return ""
    return ". Is there a decimal comma or a thousands separator? Write 1.5 for 1,5 and 1234 for 1,234"


def _explain_first_row(fields: Sequence[str], schema: CsvSchema, quoted: bool, comma_explanation: str) -> str:
    """Explain the first row below the header having one extra field: an index, as R writes it, or a lost name."""
    first = fields[0].strip()
    if not (first in ("0", "1") or (quoted and first.isdigit()) or not is_number(first)):
        return comma_explanation or ". Is a name missing in the header?"
    remedy = (
        f"""put "", before the names: sed '{schema.header_row}s/^/"",/' FILE > fixed.csv"""
        if schema.is_training
        else ""
    )
    index = f". Does each row begin with an index that the header does not name? Then {remedy or 'remove it'}"
    return index + comma_explanation
