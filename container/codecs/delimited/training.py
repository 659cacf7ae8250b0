"""Rows of training data: blocks of plain numbers, parsed by pyarrow in threads."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from container.codecs.delimited.form import CsvSchema, has_lone_returns
from container.codecs.delimited.header import RepeatedHeader
from container.codecs.sniffing.sniff import BYTE_ORDER_MARK
from container.rows.blocks import Doubles, Matrix

THREADS = min(8, len(os.sched_getaffinity(0)))
_MAX_BLOCKS_IN_FLIGHT = THREADS + 1
_PIECE_BYTES = 1 << 20  # at once in pyarrow, to stay in a processor's cache
_MAX_COLUMNS = 10_000  # from there on numpy is faster: at 200,000 columns ten times


def parse_concurrently(
    texts: Iterable[bytes], schema: CsvSchema, shift: Doubles | None, repeats: RepeatedHeader
) -> Iterator[tuple[bytes, Matrix | None]]:
    """Yield each text with its rows minus `shift`, float32 (n, d), while threads parse the next ones.

    The rows are None where the text holds anything but plain numbers, or may hold a copy of the header.
    """

    def parse_text(text: bytes) -> Matrix | None:
        return None if repeats.may_be_in(text) else _parse_shifted_rows(text, schema, shift)

    with ThreadPoolExecutor(THREADS) as pool:
        started: deque[tuple[bytes, Future[Matrix | None]]] = deque()
        for text in texts:
            started.append((text, pool.submit(parse_text, text)))
            if len(started) > _MAX_BLOCKS_IN_FLIGHT:
                text, table = started.popleft()
                yield text, table.result()
        for text, table in started:
            yield text, table.result()


def parse_plain_rows(text: bytes, schema: CsvSchema) -> list[Doubles] | None:
    """Parse lines of plain numbers into float64 batches (n, d); None for any other lines."""
    import pyarrow  # only here, so that a server does not load it
    from pyarrow import csv

    columns = text.count(schema.delimiter.encode(), 0, text.find(b"\n")) + 1
    if columns > _MAX_COLUMNS or text.startswith(BYTE_ORDER_MARK):
        return None
    if schema.used_columns is not None and (columns != schema.column_count or b'"' in text or has_lone_returns(text)):
        return None
    used = None if schema.used_columns is None else [f"f{i}" for i in schema.used_columns]
    try:
        table = csv.read_csv(
            pyarrow.BufferReader(text),
            csv.ReadOptions(
                use_threads=False, autogenerate_column_names=True, block_size=max(_PIECE_BYTES, columns << 10)
            ),
            csv.ParseOptions(delimiter=schema.delimiter, quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(default_column_type=pyarrow.float64(), null_values=[], include_columns=used),
        )
    except (pyarrow.ArrowInvalid, pyarrow.ArrowKeyError):
        return None
    return [batch.to_tensor().to_numpy() for batch in table.to_batches()]


def _parse_shifted_rows(text: bytes, schema: CsvSchema, shift: Doubles | None) -> Matrix | None:
    batches = parse_plain_rows(text, schema)
    if batches is None or (shift is not None and any(batch.shape[1] != len(shift) for batch in batches)):
        return None
    with np.errstate(over="ignore"):
        parts = batches if shift is None else [batch - shift for batch in batches]
        return np.concatenate(parts, dtype=np.float32)
