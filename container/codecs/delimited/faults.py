"""The first field that keeps lines of CSV from being a table of numbers, and how to fix it."""

import csv
import re
from dataclasses import replace

from container.codecs.delimited.fields import DELIMITER_NAMES
from container.codecs.delimited.form import CsvSchema, comma_phrases, is_number, trailing_comma_count
from container.codecs.delimited.lines import (
    INSPECTED_FIELDS,
    decode_fields,
    explain_open_quote,
    explain_stray_line,
    may_be_header,
)
from container.codecs.delimited.widths import explain_width
from container.codecs.text.quoting import quote_text
from container.codecs.text.value_faults import explain_value
from container.contract.errors import DecodeError
from container.rows.columns import show_names

_DECLARE_HEADER = "set the content type to 'text/csv;header=present'"


def find_fault(lines: list[bytes], schema: CsvSchema, first: int, fallback: str) -> DecodeError:
    """Return the error for the first invalid field; `first` is the number of the first line.

    Checks field by field, slow but exact. Returns an error that says `fallback` if every line turns out to be valid.
    """
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        place = f"{schema.noun} {number}"
        if line.count(b'"') % 2:
            return DecodeError(explain_open_quote(line), place)
        try:
            fields = next(csv.reader([line.decode("latin-1")], delimiter=schema.delimiter))
        except csv.Error as error:
            return DecodeError(f"expected numbers separated by {DELIMITER_NAMES[schema.delimiter]}s: {error}", place)
        schema = schema if schema.column_count else replace(schema, column_count=len(fields))
        if fault := _find_fault_in_line(fields, schema, number, line.startswith(b'"')):
            return DecodeError(fault.problem, place, *fault.location)
    return DecodeError(fallback, f"{schema.noun}s {first} to {first + len(lines) - 1}")


def _find_fault_in_line(fields: list[str], schema: CsvSchema, number: int, quoted: bool) -> DecodeError | None:
    """Return the error for the first invalid field of a line; `quoted` tells whether its first field is quoted."""
    columns = schema.column_count or len(fields)
    header = number == 1 and not schema.names and may_be_header(fields, columns, schema.label_count)
    width = (len(fields) != columns or columns <= schema.label_count) and not header
    used = range(len(fields)) if schema.used_columns is None else sorted(schema.used_columns)
    wrong = None if width else next((i for i in used if not is_number(fields[i])), None)
    if not width and wrong is None:
        return None
    texts = decode_fields(fields)
    if problem := explain_stray_line(texts[:INSPECTED_FIELDS], schema, number):
        return DecodeError(problem)
    if wrong is None:
        return DecodeError(explain_width(texts, schema, number, quoted))
    commas = trailing_comma_count(fields)
    if commas == len(fields) > 1:
        shown = quote_text(schema.delimiter.join(texts))
        return DecodeError(f"expected numbers, found {shown}, a line without values. Remove it")
    column, name = f"column {wrong + 1}", schema.column_name(wrong)
    place = f"{column} ({quote_text(name)})" if name else column
    found = f"expected a number, found {quote_text(texts[wrong])}"
    if header:
        return DecodeError(f"{found}. Is this a header row? Then {_DECLARE_HEADER}", place)
    if (
        wrong == len(fields) - commas
        and not any(schema.names[wrong:])
        and (schema.names or number == 1 == schema.label_count)
    ):
        ending, them = comma_phrases(commas, schema.delimiter)
        remedy = f"Remove {them} if all lines end in {'one' if commas == 1 else them}; else fill in what is missing"
        return DecodeError(f"{found}: the line ends in {ending}. {remedy}", place)
    if schema.label_count == 1 and wrong == (0 if schema.used_columns is None else schema.used_columns[0]):
        alone = number == 1 and not schema.names and all(map(is_number, fields[1:]))
        problem = _explain_label(texts[wrong], column.capitalize(), alone)
    else:
        problem = explain_value(texts[wrong]) or ". Write categories as numbers"
    others = [i for i in used if i > wrong and not is_number(fields[i])] if schema.names else []
    return DecodeError(f"{found}{problem}{_list_other_faults(others, schema)}", place)


def _explain_label(text: str, column: str, alone: bool) -> str:
    """Explain a label that is not a number; `alone` tells that it is in the first row and only numbers follow."""
    if explained := explain_value(text):
        return f"{explained}. {column} is the label"
    hint = ". Remove it if it is an id" if re.search(r"\d", text) else ""
    if alone:
        hint += f"; if this is a header row, {_DECLARE_HEADER}"
    return f". {column} is the label: write classes as numbers, 0, 1 and so on{hint}"


def _list_other_faults(columns: list[int], schema: CsvSchema) -> str:
    """List the other columns without a number, so that the user can fix all of them at once."""
    names = [schema.column_name(column) or f"column {column + 1}" for column in columns]
    return f". Nor is there a number in {show_names(names)}" if names else ""
