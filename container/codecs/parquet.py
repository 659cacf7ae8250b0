"""application/x-parquet: a table of numbers, for training; its first column is the label."""

import re
from collections.abc import Iterator, Mapping
from gzip import GzipFile
from typing import Any, BinaryIO

import numpy as np

from container.codecs.blocks import BLOCK_BYTES, Matrix, Tell, first_bad, forget
from container.codecs.sniff import HEAD_BYTES, mismatch, sniff
from container.errors import DecodeError

MEDIA_TYPE = "application/x-parquet"

_BUFFER_BYTES = 1 << 16  # for each column: larger ones are no faster, and a wide table has many
_NUMBER = re.compile(r"u?int\d+|halffloat|float|double|bool|decimal\d+\(.*")
_NESTED = re.compile(r"\w*list|struct|map")
_INDEX = re.compile(r"__index_level_\d+__")


def decode_blocks(
    stream: BinaryIO, parameters: Mapping[str, str], features: int | None, tell: Tell = forget
) -> Iterator[tuple[Matrix, Matrix]]:
    """Read labelled rows; `features` is the number of columns after the label, None where the file decides.

    The stream must be seekable, for a Parquet file is read from its end.
    """
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise DecodeError(
            "Parquet is read by the package pyarrow, which is not installed: install pyarrow, or give the data as "
            "text/csv or application/x-recordio-protobuf"
        ) from None
    if not _has_start(stream):
        return
    try:
        with ParquetFile(stream, pre_buffer=False, buffer_size=_BUFFER_BYTES) as file:
            if file.metadata.num_rows:
                columns = _check_columns(file.schema_arrow, features)
                tell(file.schema_arrow.names[1:])
                row = 1
                for batch in file.iter_batches(max(1, BLOCK_BYTES // (4 * columns))):
                    table = _read_table(batch, row)
                    row += len(table)
                    yield np.ascontiguousarray(table[:, 1:]), table[:, 0].copy()
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise DecodeError(f"the file cannot be read ({reason}): it is cut short or corrupt") from None


def _has_start(stream: BinaryIO) -> bool:
    """Check that the stream is a Parquet file; tell whether it holds anything."""
    if not stream.seekable():
        raise DecodeError("Parquet cannot be read in Pipe mode: set TrainingInputMode to File or FastFile")
    if isinstance(stream, GzipFile):
        raise DecodeError("Parquet within gzip cannot be read: Parquet compresses itself, give the file without gzip")
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    if head and sniff(head) != MEDIA_TYPE:
        raise DecodeError(mismatch(MEDIA_TYPE, head))
    return bool(head)


def _check_columns(schema: Any, features: int | None) -> int:
    """Check that all columns are numbers and as many as expected; return how many."""
    for field in schema:
        kind, place = str(field.type), f"column {field.name!r}"
        if _INDEX.fullmatch(field.name):
            raise DecodeError("the index of a pandas frame, no feature. Write the file with index=False", place)
        if not _NUMBER.fullmatch(kind):
            advice = "every number as a column" if _NESTED.match(kind) else "categories as numbers"
            raise DecodeError(f"expected numbers, found the type {kind[:80]}. Write {advice}", place)
    columns = len(schema)
    if columns < 2:
        raise DecodeError(f"expected a label and at least one feature, found {columns} column. The label comes first")
    if features is not None and features != columns - 1:
        raise DecodeError(f"expected {features + 1} (a label and {features} features) columns, found {columns}")
    return columns


def _read_table(batch: Any, row: int) -> Matrix:
    """Read a batch, whose first row is `row` of the file, as (n, d)."""
    table = np.empty((batch.num_rows, batch.num_columns), np.float32)
    for index, (name, column) in enumerate(zip(batch.schema.names, batch.columns, strict=True)):
        if column.null_count:
            missing = int(column.is_null().to_numpy(zero_copy_only=False).argmax())
            problem = "a missing value. Remove rows with missing values or fill them in"
            raise DecodeError(problem, f"row {row + missing}", f"column {name!r}")
        if str(column.type).startswith("decimal"):
            column = column.cast("float64")
        with np.errstate(over="ignore", invalid="ignore"):
            table[:, index] = column.to_numpy(zero_copy_only=False)
    if bad := first_bad(table):
        found = batch.column(bad[1])[bad[0]].as_py()
        problem = f"expected a number that a 32-bit float can hold, found {found}. Remove or replace it"
        raise DecodeError(problem, f"row {row + bad[0]}", f"column {batch.schema.names[bad[1]]!r}")
    return table
