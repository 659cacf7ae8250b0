"""text/csv: numbers separated by commas, one row a line; in training the label is the first column.

The first line is names where the media type says header=present, as RFC 4180 has it.

Training data is read by pyarrow where it is installed, block by block; requests by simdjson, which is faster on
few rows. numpy reads what these refuse or could read otherwise. Each rounds a decimal to a double first, then
to float32.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, BinaryIO

import numpy as np

from container.codecs.blocks import PLAIN, Columns, Doubles, Guide, Matrix, all_finite
from container.codecs.csv_form import Form
from container.codecs.csv_header import Repeats, follow_header, read_header
from container.codecs.csv_parameters import has_header, read_charset, read_label_size, refuse_foreign
from container.codecs.csv_rows import fits, parse_ahead, parse_as_json, parse_lines, read_plain
from container.codecs.digits import write_rows
from container.codecs.lines import read_lines, read_lines_as_they_come
from container.errors import DecodeError

MEDIA_TYPE = "text/csv"
_SAMPLE_BYTES = 256 << 10  # of rows that are looked at for what to subtract


def decode_blocks(
    stream: BinaryIO, parameters: Mapping[str, str], features: int | None, guide: Guide = PLAIN
) -> Iterator[tuple[Matrix, Matrix]]:
    """Read labelled rows; `features` is the number of columns after the label, None where the first line decides."""
    refuse_foreign(parameters)
    charset = read_charset(parameters)
    labels = read_label_size(parameters, default=1)
    form = Form(None if features is None else labels + features, labels, "row")
    texts = read_lines(stream, MEDIA_TYPE)
    row, repeats = 1, Repeats(None, guide.warn)
    if has_header(parameters):
        header = read_header(texts, charset, form)
        form, row, repeats = follow_header(header, form, guide), header.row + 1, Repeats(header, guide.warn)
        texts = header.texts
    texts, shift = _find_shift(texts, form, guide, repeats)
    for text, table in parse_ahead(texts, form, shift, repeats):
        if table is not None and fits(table, form):
            row += len(table)
        else:
            lines = text.splitlines()
            table = parse_lines(repeats.blank(lines, row), form, row, shift)
            row += len(lines)
        if len(table):
            form = form if form.columns else replace(form, columns=table.shape[1])
            yield np.ascontiguousarray(table[:, 1:]), table[:, 0].copy()


def decode_records(
    stream: BinaryIO, parameters: Mapping[str, str], features: int, guide: Guide = PLAIN
) -> Iterator[Matrix]:
    """Read the records of a request, (n, features); a label comes first only where label_size=1 says so.

    Where a header names the columns and the guide knows them, they are taken by their names.
    """
    refuse_foreign(parameters)
    charset = read_charset(parameters)
    labels = read_label_size(parameters, default=0)
    form = Form(labels + features, labels, "record")
    texts = read_lines_as_they_come(stream, MEDIA_TYPE)
    number, repeats = 1, Repeats(None, guide.warn)
    if has_header(parameters):
        header = read_header(texts, charset, form)
        form, number = follow_header(header, form, guide), header.row + 1
        texts, repeats = header.texts, Repeats(header, guide.warn)
    for text in texts:
        table = None if repeats.may_be_in(text) else parse_as_json(text, form, guide.kind)
        if table is not None and all_finite(table):
            number += len(table)
        else:
            lines = text.splitlines()
            table = parse_lines(repeats.blank(lines, number), form, number, kind=guide.kind)
            number += len(lines)
        if len(table):
            yield np.ascontiguousarray(table[:, form.labels :]) if form.labels else table


def encode(columns: Columns) -> bytes:
    """Write one line a row, columns in their order, without a header; a (n, K) column becomes K."""
    rows = zip(*(write_rows(column, "", ",", "") for column in columns.values()), strict=True)
    return "".join([",".join(row) + "\n" for row in rows]).encode()


def _find_shift(
    texts: Iterator[bytes], form: Form, guide: Guide, repeats: Repeats
) -> tuple[Iterator[bytes], Doubles | None]:
    """Ask the guide what to subtract from the columns, (d + 1,), where it wants to see the first rows for that."""
    first = next(texts, b"")

    def sample() -> Doubles | None:
        head = first[: first.find(b"\n", _SAMPLE_BYTES) + 1 or len(first)]
        try:
            table: Any = None if repeats.may_be_in(head) else read_plain(head, form)
            if table is None:
                table = parse_lines(repeats.drop(head.splitlines()), form, 1, kind=np.float64)
        except DecodeError:
            return None
        return table[:, 1:] if len(table) and table.shape[1] > 1 and np.isfinite(table).all() else None

    shift = guide.shift(sample)
    return chain([first] if first else [], texts), None if shift is None else np.append(0.0, shift)
