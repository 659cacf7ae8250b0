"""The first field that keeps lines of CSV from being a table of numbers, and how to fix it."""

import csv
import re
from dataclasses import replace

from container.codecs.delimited.form import Form, count_commas, is_number, say_commas
from container.codecs.delimited.lines import LOOKED_AT, decode_fields, describe_line, describe_open_quote, may_be_header
from container.codecs.delimited.widths import describe_width
from container.codecs.text.quoting import quote
from container.codecs.text.value_faults import explain
from container.contract.errors import DecodeError
from container.rows.columns import show_names

_HEADED = "set the content type to 'text/csv;header=present'"


def find_fault(lines: list[bytes], form: Form, first: int, otherwise: str) -> DecodeError:
    """Return the error for the first invalid field; `first` is the number of the first line.

    Checks field by field, slow but exact. Returns an error that says `fallback` if every line turns out to be valid.
    """
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        place = f"{form.noun} {number}"
        if line.count(b'"') % 2:
            return DecodeError(describe_open_quote(line), place)
        try:
            fields = next(csv.reader([line.decode("latin-1")]))
        except csv.Error as error:
            return DecodeError(f"expected numbers separated by commas: {error}", place)
        form = form if form.columns else replace(form, columns=len(fields))
        if fault := _find_in_line(fields, form, number, line.startswith(b'"')):
            return DecodeError(fault.problem, place, *fault.place)
    return DecodeError(otherwise, f"{form.noun}s {first} to {first + len(lines) - 1}")


def _find_in_line(fields: list[str], form: Form, number: int, quoted: bool) -> DecodeError | None:
    """Return the error for the first invalid field of a line; `quoted` tells whether its first field is quoted."""
    columns = form.columns or len(fields)
    header = number == 1 and not form.names and may_be_header(fields, columns, form.labels)
    width = (len(fields) != columns or columns <= form.labels) and not header
    used = range(len(fields)) if form.used is None else sorted(form.used)
    wrong = None if width else next((i for i in used if not is_number(fields[i])), None)
    if not width and wrong is None:
        return None
    texts = decode_fields(fields)
    if problem := describe_line(texts[:LOOKED_AT], form, number):
        return DecodeError(problem)
    if wrong is None:
        return DecodeError(describe_width(texts, form, number, quoted))
    commas = count_commas(fields)
    if commas == len(fields) > 1:
        return DecodeError(f"expected numbers, found {quote(','.join(texts))}, a line without values. Remove it")
    column, name = f"column {wrong + 1}", form.name(wrong)
    place = f"{column} ({quote(name)})" if name else column
    found = f"expected a number, found {quote(texts[wrong])}"
    if header:
        return DecodeError(f"{found}. Is this a header row? Then {_HEADED}", place)
    if wrong == len(fields) - commas and not any(form.names[wrong:]) and (form.names or number == 1 == form.labels):
        ending, them = say_commas(commas)
        remedy = f"Remove {them} if all lines end in {'one' if commas == 1 else them}; else fill in what is missing"
        return DecodeError(f"{found}: the line ends in {ending}. {remedy}", place)
    if form.labels == 1 and wrong == (0 if form.used is None else form.used[0]):
        alone = number == 1 and not form.names and all(map(is_number, fields[1:]))
        problem = _describe_label(texts[wrong], column.capitalize(), alone)
    else:
        problem = explain(texts[wrong]) or ". Write categories as numbers"
    others = [i for i in used if i > wrong and not is_number(fields[i])] if form.names else []
    return DecodeError(f"{found}{problem}{_list_others(others, form)}", place)


def _describe_label(text: str, column: str, alone: bool) -> str:
    """Explain a label that is not a number; `alone` tells that it is in the first row and only numbers follow."""
    if explained := explain(text):
        return f"{explained}. {column} is the label"
    hint = ". Remove it if it is an id" if re.search(r"\d", text) else ""
    if alone:
        hint += f"; if this is a header row, {_HEADED}"
    return f". {column} is the label: write classes as numbers, 0, 1 and so on{hint}"


def _list_others(columns: list[int], form: Form) -> str:
    """List the other columns without a number, so that the user can fix all of them at once."""
    names = [form.name(column) or f"column {column + 1}" for column in columns]
    return f". Nor is there a number in {show_names(names)}" if names else ""
