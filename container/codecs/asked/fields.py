"""Records of CSV as columns of texts: pyarrow reads many; Python's csv few, and explains what is wrong with any.

Tests: tests/container/codecs/asked/test_delimited.py.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from typing import Any

from container.codecs.text.quoting import quote_text
from container.contract.errors import DecodeError
from container.rows.asked import Arrays

_FEW_BYTES = 16 << 10  # up to which Python's csv is done before pyarrow has started a thread
_LINE_OF_BLANKS = re.compile(rb"(?:(?<=[\r\n])|\A)[ \t]+(?:\r\n|\r|\n|\Z)")


@dataclass(frozen=True)
class Layout:
    """The fields of a record: how many, the places of those that become features, the sign between fields.

    `explain_width` explains another number of fields.
    """

    count: int
    places: Mapping[str, int]
    delimiter: str
    explain_width: Callable[[int], str]

    @cached_property
    def names(self) -> list[str]:
        """Names for pyarrow, which those of a header need not be."""
        return [str(place) for place in range(self.count)]

    @cached_property
    def conversion(self) -> Any:
        """How pyarrow converts records: to texts, and only the fields that become features."""
        import pyarrow
        from pyarrow.csv import ConvertOptions

        wanted = [self.names[place] for place in self.places.values()]
        return ConvertOptions(
            default_column_type=pyarrow.string(), include_columns=wanted, strings_can_be_null=False, null_values=[]
        )

    def is_blank(self, fields: Sequence[str]) -> bool:
        """Tell whether fields are those of a blank line, which does not count."""
        return not fields or (len(fields) == 1 < self.count and not fields[0].strip())


def parse_records(text: bytes, layout: Layout, number: int) -> Arrays:
    """Return the columns that become features, as texts; none where there is no record.

    Raises DecodeError for the first record, from `number` on, that has another number of fields or is not UTF-8.
    """
    import pyarrow  # only here, so that a server of numbers does not load it

    if not text.strip():
        return {}
    if len(text) <= _FEW_BYTES and (columns := _read_few_records(text, layout)) is not None:
        return {name: pyarrow.array(column, pyarrow.string()) for name, column in columns.items()}
    try:
        found = _read_table(text, layout)
    except (pyarrow.ArrowInvalid, UnicodeDecodeError):
        if fault := _find_fault(text, layout, number):
            raise fault from None
        try:
            found = _read_table(_LINE_OF_BLANKS.sub(b"", text), layout)
        except (pyarrow.ArrowInvalid, UnicodeDecodeError):
            raise DecodeError("records that cannot be read as CSV", f"record {number} or later") from None
    arrays = {name: found.column(i).combine_chunks() for i, name in enumerate(layout.places)}
    return arrays if found.num_rows else {}


def _read_few_records(text: bytes, layout: Layout) -> dict[str, list[str]] | None:
    """Return columns, none where there is no record; None where the text needs a closer look."""
    try:
        records = list(csv.reader(StringIO(text.decode(), newline=""), delimiter=layout.delimiter))
    except (csv.Error, UnicodeDecodeError):
        return None
    kept = [fields for fields in records if not layout.is_blank(fields)]
    if any(len(fields) != layout.count for fields in kept):
        return None
    return {name: [fields[place] for fields in kept] for name, place in layout.places.items()} if kept else {}


def _read_table(text: bytes, layout: Layout) -> Any:
    import pyarrow
    from pyarrow import csv as arrow_csv

    return arrow_csv.read_csv(
        pyarrow.BufferReader(text),
        arrow_csv.ReadOptions(use_threads=False, block_size=max(1, len(text)), column_names=layout.names),
        arrow_csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
        layout.conversion,
    )


def _find_fault(text: bytes, layout: Layout, number: int) -> DecodeError | None:
    """Return the error for the first record with another number of fields, or with a field that is not UTF-8."""
    records = csv.reader(StringIO(text.decode("latin-1"), newline=""), delimiter=layout.delimiter)
    try:
        for fields in records:
            if layout.is_blank(fields):
                continue
            if len(fields) != layout.count:
                return DecodeError(layout.explain_width(len(fields)), f"record {number}")
            for name, place in layout.places.items():
                field = fields[place].encode("latin-1")
                if field.decode("utf-8", "replace").encode() != field:
                    problem = f"expected text in UTF-8, found {quote_text(field)}. Write it so, or say the charset"
                    return DecodeError(problem, f"record {number}", f"column {name!r}")
            number += 1
    except csv.Error as error:
        return DecodeError(f"expected fields separated by commas: {error}", f"record {number}")
    return None
