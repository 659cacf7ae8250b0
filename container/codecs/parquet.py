"""application/x-parquet: a table of numbers; the first column of labelled rows is the label."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from gzip import GzipFile
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np

from container.codecs.sniffing.sniff import HEAD_BYTES, explain_mismatch, sniff_type
from container.contract.errors import DecodeError
from container.rows.blocks import (
    BLOCK_BYTES,
    DEFAULT_OPTIONS,
    DecodeOptions,
    Doubles,
    Matrix,
    first_non_finite,
    without_labels,
)
from container.rows.columns import show_names

MEDIA_TYPE = "application/x-parquet"

_BUFFER_BYTES = 1 << 16  # for each column: larger ones are no faster, and a wide table has many
_NUMBER = re.compile(r"u?int\d+|halffloat|float|double|bool|decimal\d+\(.*")
_NESTED = re.compile(r"\w*list|struct|map")
_TIME = re.compile(r"timestamp|date|time|duration")
_INDEX = re.compile(r"__index_level_\d+__")


def decode_blocks(
    stream: BinaryIO, parameters: Mapping[str, str], feature_dim: int | None, options: DecodeOptions = DEFAULT_OPTIONS
) -> Iterator[tuple[Matrix, Matrix]]:
    """Decode rows; `feature_dim` is the number of columns after the label, or None to take it from the file.

    The index of a pandas frame is dropped. The stream must be seekable, since Parquet is read from its end.
    """
    if has_content(stream):
        with open_table(stream) as file:
            if file.metadata.num_rows:
                yield from _read_rows(file, feature_dim, options)


def decode_records(
    stream: BinaryIO, parameters: Mapping[str, str], feature_dim: int, options: DecodeOptions = DEFAULT_OPTIONS
) -> Iterator[Matrix]:
    """Decode the rows of a request, (n, feature_dim): by names where `options` know them. The body is read whole."""
    body = BytesIO(stream.read())
    if has_content(body, is_request=True):
        with open_table(body) as file:
            if file.metadata.num_rows:
                for X, _ in _read_rows(file, feature_dim, replace(options, labelled=False), "record"):
                    yield X


@contextmanager
def open_table(stream: BinaryIO, coded: Sequence[str] = ()) -> Iterator[Any]:
    """Open a file, which keeps texts of the columns `coded` as codes of its dictionaries; raises DecodeError."""
    import pyarrow  # only here, so that a server does not load it
    from pyarrow.parquet import ParquetFile

    open_file = partial(ParquetFile, stream, pre_buffer=False, buffer_size=_BUFFER_BYTES)
    flat: set[str] = set()
    try:
        if coded:
            with open_file() as file:
                flat = {file.schema.column(i).path for i in range(len(file.schema.names))}
        with open_file(read_dictionary=[name for name in coded if name in flat]) as file:
            yield file
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise DecodeError(f"the file cannot be read ({reason}): it is cut short or corrupt") from None


def _read_rows(
    file: Any, feature_dim: int | None, options: DecodeOptions, noun: str = "row"
) -> Iterator[tuple[Matrix, Matrix]]:
    names = list(file.schema_arrow.names)
    columns = _choose_columns(file.schema_arrow, feature_dim, options)
    once = len(set(names)) == len(names)
    asked = [names[i] for i in columns] if once else None
    batches = file.iter_batches(max(1, BLOCK_BYTES // (4 * len(columns))), columns=asked)
    row, shift, labels = 1, None, int(options.labelled)
    for batch in batches:
        places = [batch.schema.names.index(names[i]) if once else i for i in columns]
        chosen = [(names[i], batch.column(place)) for i, place in zip(columns, places, strict=True)]
        if row == 1:
            shift = options.choose_shift(partial(_read_sample, chosen, labels))
            shift = shift if shift is None or len(shift) == len(columns) - labels else None
            shift = shift if shift is None else np.append(np.zeros(labels), shift)
        table = _read_table(chosen, row, options.dtype, shift, noun)
        row += len(table)
        X = np.ascontiguousarray(table[:, labels:])
        yield (X, table[:, 0].copy()) if labels else without_labels(X)


def has_content(stream: BinaryIO, is_request: bool = False) -> bool:
    """Check that the stream is a Parquet file, and tell whether it is not empty; raises DecodeError."""
    if not stream.seekable():
        raise DecodeError("Parquet cannot be read in Pipe mode: set TrainingInputMode to File or FastFile")
    if isinstance(stream, GzipFile):
        raise DecodeError("Parquet within gzip cannot be read: Parquet compresses itself, give the file without gzip")
    head = stream.read(HEAD_BYTES)
    if head and sniff_type(head) != MEDIA_TYPE:
        raise DecodeError(explain_mismatch(MEDIA_TYPE, head, is_request))
    return bool(head)


def _choose_columns(schema: Any, feature_dim: int | None, options: DecodeOptions) -> list[int]:
    """Return the indices of the columns to read, the label first.

    Raises DecodeError unless all are numbers and as many as expected.
    """
    index = find_index_names(schema)
    columns = [i for i, name in enumerate(schema.names) if name not in index]
    for name in index:
        options.warn(f"the column {name!r} is the index of a pandas frame, and is left out")
    arranged = options.arrange_columns([schema.names[i] for i in columns])
    columns = columns if arranged is None else [columns[i] for i in arranged]
    if wrong := [i for i in columns if not _NUMBER.fullmatch(str(schema.field(i).type))]:
        kind, others = str(schema.field(wrong[0]).type), [schema.names[i] for i in wrong[1:]]
        label = ". This column is the label" if options.labelled and wrong[0] == columns[0] else ""
        hint = f". Nor are there numbers in {show_names(others)}" if others else ""
        problem = f"expected numbers, found the type {kind[:80]}. Write {_advise_type(kind)}{label}{hint}"
        raise DecodeError(problem, f"column {schema.names[wrong[0]]!r}")
    if len(columns) < 1 + options.labelled:
        found = f"{len(columns)} column{'s' * (len(columns) != 1)}"
        expected, advice = ("a label and ", ". The label comes first") if options.labelled else ("", "")
        raise DecodeError(f"expected {expected}at least one feature, found {found}{advice}")
    if feature_dim is not None and feature_dim != len(columns) - options.labelled:
        expected = f"{feature_dim + 1} (a label and {feature_dim} features)" if options.labelled else f"{feature_dim}"
        raise DecodeError(f"expected {expected} columns, found {len(columns)}")
    return columns


def find_index_names(schema: Any) -> list[str]:
    """Return the names of columns that hold the index of a pandas frame, according to pandas' metadata or naming."""
    try:
        described = schema.pandas_metadata
    except ValueError:  # what is no JSON says nothing
        described = None
    said = described.get("index_columns") if isinstance(described, dict) else None
    index = said if isinstance(said, list) else []  # a range is described instead of named
    return [name for name in dict.fromkeys(schema.names) if name in index or _INDEX.fullmatch(name)]


def _advise_type(kind: str) -> str:
    """Return how to write values of a type that is not a number."""
    if _NESTED.match(kind):
        return "every number as a column"
    if _TIME.match(kind):
        return "dates and times as numbers, such as days since a fixed day"
    return "categories as numbers"


def _read_sample(columns: Sequence[tuple[str, Any]], labels: int) -> Doubles:
    return np.asarray(_read_table(columns, 1, np.float64)[:, labels:])


def _read_table(
    columns: Sequence[tuple[str, Any]], row: int, dtype: Any, shift: Doubles | None = None, noun: str = "row"
) -> Any:
    """Read named columns as (n, d) from row `row` of the file on, which messages call `noun`, minus `shift` (d,)."""
    table = np.empty((len(columns[0][1]), len(columns)), dtype)
    for index, (name, column) in enumerate(columns):
        if column.null_count:
            missing = int(column.is_null().to_numpy(zero_copy_only=False).argmax())
            problem = "a missing value. Remove rows with missing values or fill them in"
            raise DecodeError(problem, f"{noun} {row + missing}", f"column {name!r}")
        if str(column.type).startswith("decimal"):
            column = column.cast("float64")
        values = column.to_numpy(zero_copy_only=False)
        if shift is not None and shift[index]:
            values = values.astype(np.float64) - shift[index]
        with np.errstate(over="ignore", invalid="ignore"):
            table[:, index] = values
    if bad := first_non_finite(table):
        name, column = columns[bad[1]]
        problem = (
            f"expected a number that a 32-bit float can hold, found {column[bad[0]].as_py()}. Remove or replace it"
        )
        raise DecodeError(problem, f"{noun} {row + bad[0]}", f"column {name!r}")
    return table
