"""text/csv with names and values of any kind: the rows of a table by column."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from container.codecs.asked.delimited import decode_asked_rows
from container.codecs.delimited.parameters import is_header_present, read_charset, read_delimiter, refuse_unsupported
from container.codecs.lines import read_available, read_training_lines
from container.codecs.tabular.blocks import parse_blocks
from container.codecs.tabular.header import INDEX_MARK, make_table_header, read_table_header
from container.codecs.tabular.splitting import split_records
from container.contract.errors import DecodeError
from container.rows.asked import AskedTable
from container.rows.blocks import Features
from container.rows.columns import show_names
from container.rows.raw import RawRows, TableOptions

MEDIA_TYPE = "text/csv"
RECORD_BYTES = 64 << 20  # of a record, as many as a line of numbers may have


def decode_columns(stream: BinaryIO, parameters: Mapping[str, str], options: TableOptions) -> Iterator[RawRows]:
    """Decode a table below a header, in blocks of rows by the name of each column, without the index of a frame."""
    refuse_unsupported(parameters)
    charset = read_charset(parameters)
    texts, delimiter = read_training_lines(stream, MEDIA_TYPE), read_delimiter(parameters)
    if options.name_columns is None or is_header_present(parameters):
        header, texts = read_table_header(texts, charset, delimiter)
    else:
        header, texts = make_table_header(texts, delimiter or ",", options.name_columns)
    if header is None:
        return
    if header.index_names:
        shown = show_names(header.index_names)
        options.warn(f"{shown}: an index, as pandas writes one without a name, is left out")
    if header.is_numeric:
        options.warn(f"row {header.row} is taken for names, as header=present says, but holds numbers")
    kept = [name for name in header.names if not name.startswith(INDEX_MARK)]
    try:
        wanted = options.pick_columns(kept)
    except DecodeError as error:
        raise DecodeError(error.problem, *([f"row {header.row}"] if header.row else [])) from None
    row = header.row + 1
    for columns in parse_blocks(split_records(texts, header.delimiter, RECORD_BYTES), header, charset, wanted, options):
        yield RawRows(columns.arrays, row, skipped=columns.skipped)
        row += columns.rows


def decode_asked(stream: BinaryIO, parameters: Mapping[str, str], table: AskedTable) -> Iterator[Features]:
    """Decode a request, below a header or without one: features (n, feature_dim) of its records."""
    return decode_asked_rows(read_available(stream), parameters, table)
