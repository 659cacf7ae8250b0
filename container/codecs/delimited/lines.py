"""Lines of CSV that are not rows: comments, titles, headers, and what other programs write beside the data."""

import re
from collections.abc import Sequence

from container.codecs.delimited.form import CsvSchema, is_number
from container.codecs.text.quoting import decode_text, quote_text
from container.codecs.text.value_faults import explain_separator, explain_value
from container.rows.columns import is_range

INSPECTED_FIELDS = 100  # fields, to tell what a line is

_FOR_EXCEL = re.compile(r"sep=.?", re.IGNORECASE)
_TITLE_FIELDS = 3  # fields, from which on a single one that is filled is no row and no header


def explain_stray_line(fields: Sequence[str], schema: CsvSchema, number: int) -> str | None:
    """Explain a line that is not a row at all, judged by its first fields; None if it looks like a row."""
    start, filled = fields[0].lstrip(), [field for field in fields if field.strip()]
    shown = quote_text(schema.delimiter.join(fields))
    if start.startswith("#") and not explain_value(start):
        return f"expected numbers, found a comment, {shown}. Remove it: every line must be data"
    if is_for_excel(fields):
        return f"expected numbers, found {shown}, which is for Excel. Remove the line"
    if schema.names and tuple(field.strip() for field in fields) == schema.names[:INSPECTED_FIELDS]:
        return f"expected numbers, found the header again, {shown}. Are files joined here? Remove it"
    if number > 1 and len(filled) > 1 and _is_header(filled):
        if number == schema.header_row + 1:
            return (
                f"expected numbers, found {shown}. Write categories as numbers; if these are the names, remove the "
                "lines above"
            )
        return f"expected numbers, found {shown}. Is this a header, of files that were joined? Remove it"
    if number == 1 and not schema.names and is_title(fields) and explain_value(filled[0]) is None:
        return f"expected numbers, found {shown}. Is this a title? Remove it"
    if schema.delimiter != ",":
        return None
    row = ",".join(fields).strip()
    if row.endswith(";") and row.count(";") == 1:
        return f"expected numbers, found {shown}: the line ends in ';'. Remove the sign"
    if re.search(r"\d,\d", row) and any(sign in row for sign in ";\t|"):
        return f"expected numbers separated by commas, found {shown}. {explain_separator(row)}"
    return None


def explain_stray_header(names: Sequence[str], training: bool) -> str | None:
    """Explain a line that cannot be a header; None if it can."""
    shown = quote_text(",".join(names[:INSPECTED_FIELDS]))
    if is_for_excel(names):
        return f"expected names, found {shown}, which is for Excel. Remove the line"
    if training and is_title(names):
        return f"expected names, found {shown}. Is this a title? Remove it, so that the names are the first line"
    if training and len(names) > 1 and not any(names):
        return f"expected names, found none, {shown}. Remove the line, so that the names are the first line"
    return None


def explain_open_quote(line: str | bytes) -> str:
    """Explain a line with an odd number of quotes."""
    return (
        f"a quote that is not closed in its line: {quote_text(line)}. Remove the line break within the quotes, "
        "or the quote "
        "if it stands alone"
    )


def is_for_excel(fields: Sequence[str]) -> bool:
    """Tell whether a line only tells Excel the separator: `sep=;`."""
    return bool(_FOR_EXCEL.fullmatch(fields[0].strip())) and not any(field.strip() for field in fields[1:])


def is_title(fields: Sequence[str]) -> bool:
    """Tell whether only one field of a line is filled, as in a title above a table."""
    return len(fields) >= _TITLE_FIELDS and sum(bool(field.strip()) for field in fields) == 1


def may_be_header(fields: list[str], columns: int, labels: int) -> bool:
    """Tell whether fields may be names; with a label column, also a name followed by numbers that count up."""
    if labels and _has_numbered_features(fields):
        return True
    return (len(fields) > 1 or columns == 1 > labels) and _is_header(decode_fields(fields))


def decode_fields(fields: list[str]) -> list[str]:
    """Decode fields that were read as latin-1 bytes; each at least as far as messages show it."""
    return [field if field.isascii() else decode_text(field.encode("latin-1")) for field in fields]


def _is_header(fields: Sequence[str]) -> bool:
    """Tell whether fields may be names: none is a number, and most are not any other known kind of value."""
    looked_at = fields[:INSPECTED_FIELDS]
    unknown = sum(explain_value(field) is None for field in looked_at)
    return 2 * unknown > len(looked_at) and not any(map(is_number, fields))


def _has_numbered_features(fields: Sequence[str]) -> bool:
    """Tell whether all names but the first count up, as pandas writes an array without column names."""
    first, *others = fields
    return bool(others) and not is_number(first) and is_range([other.strip() for other in others])
