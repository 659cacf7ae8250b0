"""text/csv: numbers separated by commas, or as said, one row per line; in training data the label is the first column.

With header=present in the content type (RFC 4180) the first line holds names.

There is one parser a purpose: pyarrow for blocks of training data, simdjson for the few rows of a request, and numpy
for the lines that these leave out, of which it also explains the faults. Each rounds a decimal to float64 first, then
to float32.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import BinaryIO, NamedTuple

import numpy as np

from container.codecs.delimited.form import CsvSchema
from container.codecs.delimited.header import RepeatedHeader, read_header, schema_below_header
from container.codecs.delimited.irregular import fits_schema, parse_irregular_lines
from container.codecs.delimited.parameters import (
    is_header_present,
    read_charset,
    read_delimiter,
    read_label_size,
    refuse_unsupported,
)
from container.codecs.delimited.requests import parse_plain_records
from container.codecs.delimited.training import parse_concurrently, parse_plain_rows
from container.codecs.lines import read_request_lines, read_training_lines
from container.codecs.text.digits import write_column_rows
from container.contract.errors import DecodeError
from container.rows.blocks import (
    DEFAULT_OPTIONS,
    AnswerColumns,
    AnswerEncoding,
    DecodeOptions,
    Doubles,
    Matrix,
    all_finite,
    without_labels,
)

MEDIA_TYPE = "text/csv"
_SAMPLE_BYTES = 256 << 10  # of rows that are looked at for what to subtract
_QUOTED_SIGNS = ',"\r\n'


def decode_blocks(
    stream: BinaryIO, parameters: Mapping[str, str], feature_dim: int | None, options: DecodeOptions = DEFAULT_OPTIONS
) -> Iterator[tuple[Matrix, Matrix]]:
    """Decode rows; `feature_dim` is the number of columns after the label, None to take it from the data.

    If the options say that rows have no labels, a label is dropped, where the content type says that one comes first.
    """
    refuse_unsupported(parameters)
    charset = read_charset(parameters)
    labels = read_label_size(parameters, default=int(options.labelled))
    delimiter = read_delimiter(parameters)
    width = None if feature_dim is None else labels + feature_dim
    schema = CsvSchema(width, labels, "row", delimiter=delimiter or ",")
    body = _Body(read_training_lines(stream, MEDIA_TYPE), schema, 1, RepeatedHeader(None, options.warn))
    if is_header_present(parameters):
        body = _read_below_header(body, charset, delimiter, options)
    texts, shift = _ask_for_shift(body, options)
    _, schema, row, repeats = body
    for text, table in parse_concurrently(texts, schema, shift, repeats):
        if table is not None and fits_schema(table, schema):
            row += len(table)
        else:
            lines = text.splitlines()
            table = parse_irregular_lines(repeats.blank_out_and_warn(lines, row), schema, row, shift)
            row += len(lines)
        if len(table):
            schema = schema if schema.column_count else replace(schema, column_count=table.shape[1])
            X = np.ascontiguousarray(table[:, schema.label_count :])
            yield (X, table[:, 0].copy()) if options.labelled else without_labels(X)


def decode_records(
    stream: BinaryIO, parameters: Mapping[str, str], feature_dim: int, options: DecodeOptions = DEFAULT_OPTIONS
) -> Iterator[Matrix]:
    """Decode the records of a request, (n, feature_dim); with label_size=1 a label comes first and is dropped.

    If there is a header and `options` know the names, columns are selected by name.
    """
    refuse_unsupported(parameters)
    charset = read_charset(parameters)
    labels = read_label_size(parameters, default=0)
    delimiter = read_delimiter(parameters)
    schema = CsvSchema(labels + feature_dim, labels, "record", delimiter=delimiter or ",")
    body = _Body(read_request_lines(stream, MEDIA_TYPE), schema, 1, RepeatedHeader(None, options.warn))
    if is_header_present(parameters):
        body = _read_below_header(body, charset, delimiter, options)
    texts, schema, number, repeats = body
    for text in texts:
        table = None if repeats.may_be_in(text) else parse_plain_records(text, schema, options.dtype)
        if table is not None and all_finite(table):
            number += len(table)
        else:
            lines = text.splitlines()
            kept = repeats.blank_out_and_warn(lines, number)
            table = parse_irregular_lines(kept, schema, number, dtype=options.dtype)
            number += len(lines)
        if len(table):
            yield np.ascontiguousarray(table[:, schema.label_count :]) if schema.label_count else table


def quote_field(text: str) -> str:
    """Write a text as a field, in quotes where it needs them (RFC 4180).

    >>> quote_field("red"), quote_field("red, blue")
    ('red', '"red, blue"')
    """
    if any(sign in text for sign in _QUOTED_SIGNS):
        return '"' + text.replace('"', '""') + '"'
    return text


def write_header(names: Sequence[str]) -> bytes:
    """Write names as the line above an answer."""
    return (",".join(map(quote_field, names)) + "\n").encode()


def encode_answer(columns: AnswerColumns) -> bytes:
    """Write one line per row without a header, columns in order; a column of shape (n, K) becomes K fields."""
    rows = zip(*(write_column_rows(column, "", ",", "") for column in columns.values()), strict=True)
    return "".join([",".join(row) + "\n" for row in rows]).encode()


ENCODING = AnswerEncoding(encode_answer, write_text=quote_field, write_header=write_header)


class _Body(NamedTuple):
    """Texts of whole lines, their schema, the number of the first line, and the header whose copies may follow."""

    texts: Iterator[bytes]
    schema: CsvSchema
    first: int
    repeats: RepeatedHeader


def _read_below_header(body: _Body, charset: str, delimiter: str, options: DecodeOptions) -> _Body:
    """Take the header off a body; raises DecodeError if its names are not those that `options` expect."""
    header = read_header(body.texts, charset, body.schema, delimiter)
    schema = schema_below_header(header, body.schema, options)
    return _Body(header.following_texts, schema, header.row + 1, RepeatedHeader(header, options.warn))


def _ask_for_shift(body: _Body, options: DecodeOptions) -> tuple[Iterator[bytes], Doubles | None]:
    """Let `choose_shift` decide what to subtract from the columns, label and features, on a sample of the first rows.

    Returns the texts, none consumed, and the shift with 0 for the label; None if nothing is to be subtracted.
    """
    first = next(body.texts, b"")

    def sample_features() -> Doubles | None:
        head = first[: first.find(b"\n", _SAMPLE_BYTES) + 1 or len(first)]
        try:
            table = _parse_sample(head, body.schema, body.repeats)
        except DecodeError:
            return None
        X = table[:, body.schema.label_count :]
        return X if X.size and np.isfinite(table).all() else None

    shift = options.choose_shift(sample_features)
    labels = np.zeros(body.schema.label_count)
    return chain([first] if first else [], body.texts), None if shift is None else np.append(labels, shift)


def _parse_sample(head: bytes, schema: CsvSchema, repeats: RepeatedHeader) -> Doubles:
    batches = None if repeats.may_be_in(head) else parse_plain_rows(head, schema)
    if batches is not None:
        return np.concatenate(batches)
    lines = repeats.blank_out(head.splitlines())
    return np.asarray(parse_irregular_lines(lines, schema, 1, dtype=np.float64), np.float64)
