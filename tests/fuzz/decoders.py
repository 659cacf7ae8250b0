"""Properties of every decoder: valid rows or one error, the same in whichever way the input is read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from io import BytesIO
from time import process_time
from typing import Any
from unittest.mock import patch

import numpy as np

from container.codecs import csv, jsonlines_rows, libsvm, lines, parquet, recordio
from container.codecs.delimited import training
from container.codecs.records.framing import MAGIC, make_frame, read_frame
from container.codecs.records.one_by_one import check_finite
from container.codecs.records.one_record import read_record, stack_records
from container.codecs.registry import CODECS
from container.codecs.sniffing import sniff
from container.contract.errors import DecodeError
from container.rows.blocks import Block, DecodeOptions, Features, Matrix
from open_algorithms.learning.rows.csr import Csr
from tests.fuzz.tables import check_recipe, check_table

FEATURES = 3
PIECE_BYTES = 64
COMPARED_BYTES = 4096  # the other ways are slow

TABLES = {"table": check_table, "recipe": check_recipe}

Reader = Callable[[bytes, int | None], Iterable[Block]]
Rows = list[tuple[float, dict[int, float], int | None]]  # label, what is not zero by column, number of columns


def check_input(codec: str, data: bytes) -> float:
    """Decode `data` in every way; fail if the rows are invalid or two ways disagree.

    Returns the processor seconds of the slowest reading of those that users meet.
    """
    if codec in TABLES:
        return TABLES[codec](data)
    with patch.object(sniff, "HEAD_BYTES", PIECE_BYTES):  # what the smallest piece holds
        trained = [
            compare_readers(readers, data, width) for readers in TRAINING.get(codec, []) for width in (None, FEATURES)
        ]
        return max(trained + [compare_readers(readers, data, FEATURES) for readers in REQUESTS.get(codec, [])])


def compare_readers(readers: list[Reader], data: bytes, features: int | None) -> float:
    started = process_time()
    first = read_outcome(readers[0], data, features)
    seconds = process_time() - started
    for read in readers[1:] if len(data) <= COMPARED_BYTES else []:
        other = read_outcome(read, data, features)
        assert other == first, f"{other}\n{first}"
    return seconds


def read_outcome(read: Reader, data: bytes, features: int | None) -> Rows | str:
    try:
        return [row for X, y in read(data, features) for row in check_rows(X, y)]
    except DecodeError as error:
        return str(error)


def check_rows(X: Features, y: Matrix) -> Rows:
    values = X.data if isinstance(X, Csr) else X
    assert values.dtype == y.dtype == np.float32
    assert y.shape == (X.shape[0],)
    assert np.isfinite(values).all()
    assert np.isfinite(y).all()
    if not isinstance(X, Csr):
        assert X.ndim == 2
        assert X.flags.c_contiguous
        X = compressed(X)
    assert (X.indices.dtype.name, X.indptr.dtype.name) == ("int32", "int64")
    assert X.indptr.shape == (len(y) + 1,)
    assert (X.indptr[0], X.indptr[-1]) == (0, len(X.data))
    assert (np.diff(X.indptr) >= 0).all()
    assert X.data.shape == X.indices.shape
    assert 0 <= X.indices.min(initial=0) <= X.indices.max(initial=0) < (X.shape[1] or 2**31)
    rows: Rows = []
    for row, label in enumerate(y.tolist()):
        part = slice(*X.indptr[row : row + 2])
        assert (np.diff(X.indices[part]) > 0).all()
        pairs = zip(X.indices[part].tolist(), X.data[part].tolist(), strict=True)
        rows.append((label, {column: value for column, value in pairs if value}, X.shape[1]))
    return rows


def compressed(X: Matrix) -> Csr:
    indptr = np.arange(len(X) + 1) * X.shape[1]
    return Csr(X.ravel(), np.tile(np.arange(X.shape[1], dtype=np.int32), len(X)), indptr, (len(X), X.shape[1]))


def training_reader(codec: Any, **parameters: str) -> Reader:
    def read(data: bytes, features: int | None) -> Iterator[Block]:
        for X, y in codec.decode_blocks(BytesIO(data), parameters, features):
            assert codec is libsvm or features in (None, X.shape[1])
            yield X, y

    return read


def take_last_reversed(names: Sequence[str]) -> Sequence[int]:
    """Take the last three columns, as the header names them, from behind."""
    if len(names) < FEATURES:
        raise DecodeError("too few columns")
    return [*range(len(names))][: -FEATURES - 1 : -1]


def read_by_names(data: bytes, features: int | None) -> Iterator[Block]:
    """Read CSV with a header, its columns in another order and less an offset."""
    guide = DecodeOptions(take_last_reversed, lambda sample: None if sample() is None else np.ones(FEATURES - 1))
    for X, y in csv.decode_blocks(BytesIO(data), {"header": "present"}, None, guide):
        assert X.shape[1] == FEATURES - 1
        yield X, y


def read_request_by_names(data: bytes, features: int | None) -> Iterator[Block]:
    for X in csv.decode_records(BytesIO(data), {"header": "present"}, FEATURES, DecodeOptions(take_last_reversed)):
        assert X.shape[1] == FEATURES
        yield X, np.zeros(X.shape[0], np.float32)


def request_reader(codec: Any, **parameters: str) -> Reader:
    def read(data: bytes, features: int | None) -> Iterator[Block]:
        for X in codec.decode_records(BytesIO(data), parameters, features):
            assert X.shape[1] == features
            yield X, np.zeros(X.shape[0], np.float32)

    return read


def reader_in_pieces(read: Reader) -> Reader:
    """Read as a large file is read, a piece at a time."""

    def read_small(data: bytes, features: int | None) -> Iterator[Block]:
        with (
            patch.object(lines, "_TEXT_BYTES", PIECE_BYTES),
            patch.object(lines, "_REQUEST_BYTES", PIECE_BYTES),
            patch.object(libsvm, "_PIECE_BYTES", PIECE_BYTES // 4),
            patch.object(libsvm, "_FEW_BYTES", PIECE_BYTES // 8),
            patch.object(parquet, "BLOCK_BYTES", PIECE_BYTES),
            patch.object(recordio, "WINDOW_BYTES", PIECE_BYTES),
            patch.object(recordio, "LENT_WINDOW_BYTES", PIECE_BYTES),
            patch.object(recordio, "_REQUEST_BYTES", PIECE_BYTES),
        ):
            yield from read(data, features)

    return read_small


def reader_by_numpy(read: Reader) -> Reader:
    """Read CSV of training as if no line were plain."""

    def read_slowly(data: bytes, features: int | None) -> Iterator[Block]:
        with (
            patch.object(csv, "parse_plain_rows", lambda text, schema: None),
            patch.object(training, "parse_plain_rows", lambda text, schema: None),
        ):
            yield from read(data, features)

    return read_slowly


def reader_at_once(read: Reader) -> Reader:
    """Read few lines of libsvm as many are read."""

    def read_at_once(data: bytes, features: int | None) -> Iterator[Block]:
        with patch.object(libsvm, "_FEW_BYTES", 0):
            yield from read(data, features)

    return read_at_once


def read_line_by_line(noun: str, data: bytes, features: int | None) -> Iterator[Block]:
    """Read libsvm the slow way only."""
    width = features if noun == "record" else None
    text = lines.check_and_strip_start(data, libsvm.MEDIA_TYPE, width is not None) if data or width else b""
    rows = libsvm._read_each_line(text.splitlines(), noun, 1, width, noun == "row")
    yield libsvm._to_csr(rows, width), rows.labels if noun == "row" else np.zeros_like(rows.labels)


def read_record_by_record(labelled: bool, data: bytes, features: int | None) -> Iterator[Block]:
    """Read recordIO the slow way only."""
    if data and not data.startswith(MAGIC):
        raise DecodeError(sniff.explain_mismatch(recordio.MEDIA_TYPE, data[:4096]))
    at = number = 0
    while at < len(data):
        number += 1
        try:
            payload, after = read_frame(memoryview(data), at, has_ended=True) or (b"", 0)
            row = read_record(payload, features, labelled)
        except DecodeError as error:
            raise DecodeError(error.problem, f"record {number}", f"byte {at}") from None
        X, y = stack_records([row]), np.array([row.label])
        check_finite(X, y, number)
        yield X, y
        features, at = row.width, after


def framed_reader(read: Reader) -> Reader:
    """Take the input for the contents of records, so that a change of their length does no harm."""

    def read_framed(data: bytes, features: int | None) -> Iterable[Block]:
        return read(b"".join(map(make_frame, data.split(MAGIC))), features)

    return read_framed


def _piecewise_readers(read: Reader) -> list[Reader]:
    return [read, reader_in_pieces(read)]


def _with_slow_libsvm(read: Reader, noun: str) -> list[list[Reader]]:
    return [[*_piecewise_readers(read), reader_at_once(read), partial(read_line_by_line, noun)]]


def _with_slow_recordio(readers: list[Reader], labelled: bool) -> list[list[Reader]]:
    readers = [*readers, partial(read_record_by_record, labelled)]
    return [readers, [framed_reader(read) for read in readers]]


def _name(decode: Any) -> str:
    """The name of the module that decodes a type."""
    return str(decode.__module__.rpartition(".")[2])


# The readers of one list must agree; the first is the one that is used. Each codec is read whole and in pieces, and
# those that have other ways to read the same are read in these too.
TRAINING: dict[str, list[list[Reader]]] = {
    _name(codec.decode_blocks): [_piecewise_readers(training_reader(codec))]
    for codec in CODECS.values()
    if codec.decode_blocks
}
REQUESTS: dict[str, list[list[Reader]]] = {
    _name(codec.decode_records): [_piecewise_readers(request_reader(codec))]
    for codec in CODECS.values()
    if codec.decode_records
}
TRAINING |= {
    "jsonlines_rows": [[training_reader(jsonlines_rows)]],  # whose first piece names the columns
    "csv": [
        [*_piecewise_readers(read), reader_by_numpy(read)]
        for read in (training_reader(csv), training_reader(csv, header="present"), read_by_names)
    ],
    "libsvm": _with_slow_libsvm(training_reader(libsvm), "row"),
    "parquet": [
        [training_reader(parquet)],
        [reader_in_pieces(training_reader(parquet))],
    ],  # of two faults, either may come first
    "recordio": _with_slow_recordio(_piecewise_readers(training_reader(recordio)), labelled=True),
}
REQUESTS["csv"] += map(
    _piecewise_readers,
    (request_reader(csv, label_size="1"), request_reader(csv, header="present"), read_request_by_names),
)
REQUESTS |= {
    "parquet": [[request_reader(parquet)], [reader_in_pieces(request_reader(parquet))]],
    "libsvm": _with_slow_libsvm(request_reader(libsvm), "record"),
    "recordio": [
        _piecewise_readers(request_reader(recordio)),
        _with_slow_recordio(_piecewise_readers(request_reader(recordio)), labelled=False)[1],
    ],
}
