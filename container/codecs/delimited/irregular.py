"""Lines that the fast parsers leave out: numpy reads those that are right after all, the others are refused.

Such are quoted numbers, blank lines, and lone carriage returns. Like the fast parsers, numpy rounds a decimal to
float64 first, then to float32.
"""

import csv
from typing import Any

import numpy as np

from container.codecs.delimited.faults import find_fault
from container.codecs.delimited.form import CsvSchema
from container.rows.blocks import Doubles, FloatType, Matrix


def parse_irregular_lines(
    lines: list[bytes], schema: CsvSchema, first: int, shift: Doubles | None = None, dtype: FloatType = np.float32
) -> Matrix:
    """Parse lines, minus `shift`, as (n, d); `first` is the number of the first line.

    Raises DecodeError for the first field that is not a number, and for a line of another width.
    """
    filled = [line for line in lines if line.strip()]
    if not filled:
        return np.empty((0, schema.used_count or 0), dtype)
    if any(line.count(b'"') % 2 for line in filled):
        raise find_fault(lines, schema, first, "quotes that are not closed in their line")
    if schema.used_columns is not None and not _have_full_width(filled, schema):
        raise find_fault(lines, schema, first, f"lines that do not have {schema.column_count} columns")
    settings: dict[str, Any] = {
        "delimiter": schema.delimiter,
        "quotechar": '"',
        "comments": None,
        "encoding": "latin-1",
    }
    settings |= {"usecols": schema.used_columns}
    try:
        table = np.loadtxt(filled, dtype if shift is None else np.float64, ndmin=2, **settings)
    except ValueError as error:
        raise find_fault(lines, schema, first, str(error)) from None
    if shift is not None and table.shape[1] == len(shift):
        with np.errstate(over="ignore"):
            table = (table - shift).astype(dtype)
    if not fits_schema(table, schema):
        raise find_fault(lines, schema, first, "not a table of numbers")
    return np.asarray(table)


def fits_schema(table: Matrix, schema: CsvSchema) -> bool:
    """Tell whether a table has the expected number of columns and only finite values."""
    return (
        schema.label_count < table.shape[1]
        and schema.used_count in (None, table.shape[1])
        and bool(np.isfinite(table).all())
    )


def _have_full_width(lines: list[bytes], schema: CsvSchema) -> bool:
    """Tell whether each line has the expected number of fields."""
    try:
        rows = csv.reader([line.decode("latin-1") for line in lines], delimiter=schema.delimiter)
        return all(len(fields) == schema.column_count for fields in rows)
    except csv.Error:
        return False
