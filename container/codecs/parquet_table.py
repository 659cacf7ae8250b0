"""application/x-parquet with columns of any kind: blocks of rows by column, numbers as float64 and others as texts."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any, BinaryIO

from container.codecs.asked.tables import encode_asked_table
from container.codecs.parquet import find_index_names, has_content, open_table
from container.codecs.tabular.values import NESTED, read_values
from container.rows.asked import AskedTable
from container.rows.blocks import BLOCK_BYTES, Features
from container.rows.columns import make_names_distinct
from container.rows.raw import RawRows, TableOptions


def decode_columns(stream: BinaryIO, parameters: Mapping[str, str], options: TableOptions) -> Iterator[RawRows]:
    """Decode a Parquet file, in blocks of rows by the name of each column, without the index of a pandas frame.

    The stream must be seekable. Columns that hold lists or records have no values.
    """
    if has_content(stream):
        with open_table(stream) as file:
            yield from _read_batches(file, options)


def decode_asked(stream: BinaryIO, parameters: Mapping[str, str], table: AskedTable) -> Iterator[Features]:
    """Decode a request, by the names of its columns: features (n, feature_dim) of its rows. The body is read whole."""
    body = BytesIO(stream.read())
    if has_content(body, is_request=True):
        with open_table(body, table.needed) as file:
            yield from encode_asked_table(file, find_index_names(file.schema_arrow), table)


def _read_batches(file: Any, options: TableOptions) -> Iterator[RawRows]:
    schema = file.schema_arrow
    index = find_index_names(schema)
    for name in index:
        options.warn(f"the column {name!r} is the index of a pandas frame, and is left out")
    places = [i for i, name in enumerate(schema.names) if name not in index]
    names = make_names_distinct([schema.names[i] for i in places])
    picked = frozenset(options.pick_columns(names))
    kept = [(i, name) for i, name in zip(places, names, strict=True) if name in picked]
    for _, name in kept:
        kind = str(schema.field(places[names.index(name)]).type)
        if kind.startswith(NESTED):
            options.warn(f"the column {name!r} holds {kind[:40]}, which is no single value: it is taken for empty")
    once = len(set(schema.names)) == len(schema.names)
    asked = [schema.names[i] for i, _ in kept] if once else None
    row = 1
    for batch in file.iter_batches(max(1, BLOCK_BYTES // (8 * max(1, len(kept)))), columns=asked):
        arrays = {}
        for i, name in kept:
            column = batch.column(batch.schema.names.index(schema.names[i]) if once else i)
            arrays[name] = read_values(column, name in options.text_names)
        if len(batch):
            yield RawRows(arrays, row)
        row += len(batch)
