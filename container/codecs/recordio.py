"""application/x-recordio-protobuf: framed protobuf records, features and label under the name "values"."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter
from typing import BinaryIO

import numpy as np

from container.codecs.records.framing import HEADER_BYTES, MAGIC, Window, make_frame, read_frame
from container.codecs.records.layout import FEATURES, LABEL, NAME, Alike, find_layout
from container.codecs.records.one_record import Row, read_record, stack
from container.codecs.records.record_pb2 import Record
from container.codecs.records.sparse_layout import read_sparse
from container.codecs.sniffing.sniff import mismatch, sniff
from container.contract.errors import DecodeError
from container.rows.blocks import PLAIN, Block, Columns, Features, Guide, Matrix, Sparse, all_finite

MEDIA_TYPE = "application/x-recordio-protobuf"

# What is read at once and decoded while it lies in the cache: measured a fifth faster than 1 or 4 MB, also read ahead.
WINDOW_BYTES = 2 << 20
_ROWS = 4096  # that are read one by one before they are scored
_REQUEST_BYTES = 8 << 20  # a body of a request is mostly less, and then not copied


_RECORD_BYTES = 100 << 20  # of one record in a request


def decode_blocks(
    stream: BinaryIO, parameters: Mapping[str, str], features: int | None, guide: Guide = PLAIN
) -> Iterator[Block]:
    """Decode labelled records; `feature_dim` is their width, None to take it from the first record.

    Records with keys yield CSR blocks, others dense ones.
    """
    window = Window(stream, WINDOW_BYTES)
    alike = Alike(labelled=True)
    number = 1
    while window.fill():
        if number == 1 and window.data[:4] != MAGIC:
            raise DecodeError(mismatch(MEDIA_TYPE, bytes(window.data[:4096])))
        run = (
            alike.read(window.data, features)
            or read_sparse(window.data, features, True)
            or _read_each(window.data, window.offset, window.ended, number, features)
        )
        while run:
            (X, y), size = run
            _check_finite(X, y, number)
            features = X.shape[1]
            number += len(y)
            window.take(size)
            yield X, y
            run = _read_each(window.data, window.offset, window.ended, number, features)


def decode_records(
    stream: BinaryIO, parameters: Mapping[str, str], features: int, guide: Guide = PLAIN
) -> Iterator[Features]:
    """Decode the records of a request, (n, feature_dim): framed, or one without a frame. Labels are ignored.

    A piece with any sparse record is CSR.
    """
    data = _read_some(stream, len(MAGIC))
    if data and not data.startswith(MAGIC):
        X = _read_bare(_read_some(stream, _RECORD_BYTES, data), features)
        _check_finite(X, np.zeros(1, np.float32), 1)
        yield X
        return
    alike = _alike(features)
    number, offset, ended = 1, 0, not data
    while data:
        view, at = memoryview(data), 0
        run = _read_at_once(view, alike, features) or _read_each(view, offset, ended, number, features, False)
        while run:
            (X, y), size = run
            _check_finite(X, np.zeros(len(y), np.float32), number)
            number += len(y)
            at += size
            yield X
            run = _read_each(view[at:], offset + at, ended, number, features, False)
        more = b"" if ended else _read_some(stream, len(data) - at)
        data, offset, ended = data[at:] + more, offset + at, not more


def _read_some(stream: BinaryIO, least: int, head: bytes = b"") -> bytes:
    """Read what the stream returns at once, but at least `least` bytes unless it ends.

    Raises DecodeError if a record exceeds its largest size.
    """
    parts = [head] if head else [stream.read(_REQUEST_BYTES)]
    size = len(parts[0])
    while parts[-1] and size < least:
        parts.append(stream.read(_REQUEST_BYTES))
        size += len(parts[-1])
    if least >= _RECORD_BYTES <= size:
        raise DecodeError(f"a record of more than {_RECORD_BYTES >> 20} MB")
    return b"".join(parts) if len(parts) > 1 else parts[0]


@lru_cache(maxsize=16)
def _alike(features: int) -> Alike:
    """Return the reader for requests of this width, which remembers the layout of earlier records."""
    return Alike(labelled=False)


def _read_at_once(data: memoryview, alike: Alike, features: int) -> tuple[Block, int] | None:
    """Read the unlabelled records of one layout at the front of `data`; None if they must be parsed singly."""
    run = alike.read(data, features)
    length = int.from_bytes(data[4:HEADER_BYTES], "little")
    if run or len(data) <= HEADER_BYTES + length + -length % 4:
        return run
    return read_sparse(data, features, False) or read_sparse(data, features, True)


def _read_bare(body: bytes, features: int) -> Features:
    """Read a single record without a frame."""
    try:
        run = _alike(features).read(memoryview(make_frame(body)), features)
        return run[0][0] if run else stack([read_record(body, features, False)])
    except DecodeError as error:
        if sniff(body) is not None:
            raise DecodeError(mismatch(MEDIA_TYPE, body, request=True)) from None
        raise DecodeError(error.problem, "record 1", "byte 0") from None


def encode_records(X: Matrix, y: Matrix | None = None) -> bytes:
    """Encode features (n, d), and labels (n,) if given, as dense float32 records."""
    return _encode({(FEATURES, NAME): X} if y is None else {(FEATURES, NAME): X, (LABEL, NAME): y})


def encode_sparse_records(X: Sparse, y: Matrix | None = None) -> bytes:
    """Encode sparse features (n, d), and labels (n,) if given, as float32 records with keys."""
    width = X.shape[1]
    assert width is not None
    frames = []
    for row, (first, last) in enumerate(pairwise(X.indptr)):
        record = Record()
        tensor = record.features["values"].float32_tensor
        tensor.values.extend(X.data[first:last].tolist())
        tensor.keys.extend(X.indices[first:last].tolist())
        tensor.shape.append(width)
        if y is not None:
            record.label["values"].float32_tensor.values.append(y[row])
        frames.append(make_frame(record.SerializeToString()))
    return b"".join(frames)


def encode(columns: Columns) -> bytes:
    """Encode an answer: one record per row, whose label map holds the columns by name as float32."""
    return _encode({(LABEL, name.encode()): column for name, column in columns.items()})


def _encode(columns: Mapping[tuple[int, bytes], np.ndarray[tuple[int, ...], np.dtype[np.generic]]]) -> bytes:
    record = Record()
    flat = {}
    for (field, name), column in columns.items():
        flat[field, name] = np.ascontiguousarray(column.reshape(len(column), -1), "<f4")
        entries = record.features if field == FEATURES else record.label
        entries[name.decode()].float32_tensor.values.extend([0.0] * flat[field, name].shape[1])
    layout = find_layout(make_frame(record.SerializeToString(deterministic=True)))
    assert layout is not None
    table = np.tile(layout.template, (len(column), 1))
    for key, part in layout.numbers.items():
        table[:, part] = flat[key].view(np.uint8)
    return table.tobytes()


def _read_each(
    data: memoryview, offset: int, ended: bool, number: int, features: int | None, labelled: bool = True
) -> tuple[Block, int] | None:
    """Parse the complete records in `data` one by one; `number` is that of the first.

    Returns the block and its size in bytes. Labelled records are read while all are dense or all are sparse; those of a
    request may be mixed and then yield CSR. An error is raised only if no record precedes it, else by the next call.
    """
    rows: list[Row] = []
    at = 0
    while at < len(data):
        try:
            if (frame := read_frame(data, at, ended)) is None:
                break
            row = read_record(frame[0], features, labelled)
        except DecodeError as error:
            if rows:
                break
            raise DecodeError(error.problem, f"record {number}", f"byte {offset}") from None
        if labelled and rows and (row.keys is None) != (rows[0].keys is None):
            break
        rows.append(row)
        features, at = row.width, frame[1]
        if not labelled and len(rows) == _ROWS:
            break
    return ((stack(rows), np.array([row.label for row in rows])), at) if rows else None


def _check_finite(X: Features, y: Matrix, number: int) -> None:
    """Raise DecodeError for the first value that is not finite; `number` is that of the first record."""
    values = X.data if isinstance(X, Sparse) else X.ravel()
    if all_finite(values) and all_finite(y):
        return
    faults = [(int(row), "label", y[row]) for row in np.flatnonzero(~np.isfinite(y))[:1]]
    for at in np.flatnonzero(~np.isfinite(values))[:1]:
        row, column = _find(X, int(at))
        faults.append((row, f"feature {column + 1}", values[at]))
    row, place, found = min(faults, key=itemgetter(0))
    problem = f"expected a finite number, found {found}. Remove missing and infinite values"
    raise DecodeError(problem, f"record {number + row}", place)


def _find(X: Features, at: int) -> tuple[int, int]:
    """Return row and column of the value at index `at` of the values in memory."""
    if isinstance(X, Sparse):
        return int(np.searchsorted(X.indptr, at, "right")) - 1, int(X.indices[at])
    return divmod(at, X.shape[1])
