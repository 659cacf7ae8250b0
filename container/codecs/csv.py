"""text/csv: comma-separated numbers, one row per line; in training data the label is the first column.

With header=present in the content type (RFC 4180) the first line holds names.

Training data is parsed by pyarrow in blocks, requests by simdjson, which is faster on few rows. Whatever these reject,
or might read differently, is parsed by numpy. Each rounds a decimal to float64 first, then to float32.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, BinaryIO

import numpy as np

from container.codecs.delimited.form import Form
from container.codecs.delimited.header import Repeats, follow_header, read_header
from container.codecs.delimited.parameters import has_header, read_charset, read_label_size, refuse_foreign
from container.codecs.delimited.rows import fits, parse_ahead, parse_as_json, parse_lines, read_plain
from container.codecs.lines import read_lines, read_lines_as_they_come
from container.codecs.text.digits import write_rows
from container.contract.errors import DecodeError
from container.rows.blocks import PLAIN, Columns, Doubles, Guide, Matrix, all_finite

MEDIA_TYPE = "text/csv"
_SAMPLE_BYTES = 256 << 10  # of rows that are looked at for what to subtract


def decode_blocks(
    stream: BinaryIO, parameters: Mapping[str, str], features: int | None, guide: Guide = PLAIN
) -> Iterator[tuple[Matrix, Matrix]]:
    """Decode labelled rows; `feature_dim` is the number of columns after the label, None to take it from the data."""
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
    """Decode the records of a request, (n, feature_dim); with label_size=1 a label comes first and is dropped.

    If there is a header and `options` know the names, columns are selected by name.
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
    """Write one line per row without a header, columns in order; a column of shape (n, K) becomes K fields."""
    rows = zip(*(write_rows(column, "", ",", "") for column in columns.values()), strict=True)
    return "".join([",".join(row) + "\n" for row in rows]).encode()


def _find_shift(
    texts: Iterator[bytes], form: Form, guide: Guide, repeats: Repeats
) -> tuple[Iterator[bytes], Doubles | None]:
    """Let `choose_shift` decide what to subtract from the columns, (d + 1,), on a sample of the first rows.

    Returns the texts, none consumed, and the shift with 0 for the label; None if nothing is to be subtracted.
    """
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
