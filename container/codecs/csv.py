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

from container.codecs.delimited.form import CsvSchema
from container.codecs.delimited.header import RepeatedHeader, read_header, schema_below_header
from container.codecs.delimited.parameters import is_header_present, read_charset, read_label_size, refuse_unsupported
from container.codecs.delimited.rows import (
    fits_schema,
    parse_as_json,
    parse_by_numpy,
    parse_concurrently,
    read_doubles_by_arrow,
)
from container.codecs.lines import read_request_lines, read_training_lines
from container.codecs.text.digits import write_column_rows
from container.contract.errors import DecodeError
from container.rows.blocks import DEFAULT_OPTIONS, AnswerColumns, DecodeOptions, Doubles, Matrix, all_finite

MEDIA_TYPE = "text/csv"
_SAMPLE_BYTES = 256 << 10  # of rows that are looked at for what to subtract


def decode_blocks(
    stream: BinaryIO, parameters: Mapping[str, str], feature_dim: int | None, options: DecodeOptions = DEFAULT_OPTIONS
) -> Iterator[tuple[Matrix, Matrix]]:
    """Decode labelled rows; `feature_dim` is the number of columns after the label, None to take it from the data."""
    refuse_unsupported(parameters)
    charset = read_charset(parameters)
    labels = read_label_size(parameters, default=1)
    form = CsvSchema(None if feature_dim is None else labels + feature_dim, labels, "row")
    texts = read_training_lines(stream, MEDIA_TYPE)
    row, repeats = 1, RepeatedHeader(None, options.warn)
    if is_header_present(parameters):
        header = read_header(texts, charset, form)
        form, row, repeats = (
            schema_below_header(header, form, options),
            header.row + 1,
            RepeatedHeader(header, options.warn),
        )
        texts = header.following_texts
    texts, shift = _ask_for_shift(texts, form, options, repeats)
    for text, table in parse_concurrently(texts, form, shift, repeats):
        if table is not None and fits_schema(table, form):
            row += len(table)
        else:
            lines = text.splitlines()
            table = parse_by_numpy(repeats.blank_out_and_warn(lines, row), form, row, shift)
            row += len(lines)
        if len(table):
            form = form if form.column_count else replace(form, column_count=table.shape[1])
            yield np.ascontiguousarray(table[:, 1:]), table[:, 0].copy()


def decode_records(
    stream: BinaryIO, parameters: Mapping[str, str], feature_dim: int, options: DecodeOptions = DEFAULT_OPTIONS
) -> Iterator[Matrix]:
    """Decode the records of a request, (n, feature_dim); with label_size=1 a label comes first and is dropped.

    If there is a header and `options` know the names, columns are selected by name.
    """
    refuse_unsupported(parameters)
    charset = read_charset(parameters)
    labels = read_label_size(parameters, default=0)
    form = CsvSchema(labels + feature_dim, labels, "record")
    texts = read_request_lines(stream, MEDIA_TYPE)
    number, repeats = 1, RepeatedHeader(None, options.warn)
    if is_header_present(parameters):
        header = read_header(texts, charset, form)
        form, number = schema_below_header(header, form, options), header.row + 1
        texts, repeats = header.following_texts, RepeatedHeader(header, options.warn)
    for text in texts:
        table = None if repeats.may_be_in(text) else parse_as_json(text, form, options.dtype)
        if table is not None and all_finite(table):
            number += len(table)
        else:
            lines = text.splitlines()
            table = parse_by_numpy(repeats.blank_out_and_warn(lines, number), form, number, dtype=options.dtype)
            number += len(lines)
        if len(table):
            yield np.ascontiguousarray(table[:, form.label_count :]) if form.label_count else table


def encode_answer(columns: AnswerColumns) -> bytes:
    """Write one line per row without a header, columns in order; a column of shape (n, K) becomes K fields."""
    rows = zip(*(write_column_rows(column, "", ",", "") for column in columns.values()), strict=True)
    return "".join([",".join(row) + "\n" for row in rows]).encode()


def _ask_for_shift(
    texts: Iterator[bytes], schema: CsvSchema, options: DecodeOptions, repeated: RepeatedHeader
) -> tuple[Iterator[bytes], Doubles | None]:
    """Let `choose_shift` decide what to subtract from the columns, (d + 1,), on a sample of the first rows.

    Returns the texts, none consumed, and the shift with 0 for the label; None if nothing is to be subtracted.
    """
    first = next(texts, b"")

    def sample_features() -> Doubles | None:
        head = first[: first.find(b"\n", _SAMPLE_BYTES) + 1 or len(first)]
        try:
            table: Any = None if repeated.may_be_in(head) else read_doubles_by_arrow(head, schema)
            if table is None:
                table = parse_by_numpy(repeated.blank_out(head.splitlines()), schema, 1, dtype=np.float64)
        except DecodeError:
            return None
        return table[:, 1:] if len(table) and table.shape[1] > 1 and np.isfinite(table).all() else None

    shift = options.choose_shift(sample_features)
    return chain([first] if first else [], texts), None if shift is None else np.append(0.0, shift)
