"""application/x-recordio-protobuf: framed protobuf records, features and label under the name "values"."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from itertools import pairwise
from operator import itemgetter
from typing import BinaryIO

import numpy as np

from container.codecs.blocks import Block, Columns, Features, Matrix, Sparse
from container.codecs.framing import MAGIC, Window, make_frame, read_frame
from container.codecs.layout import FEATURES, LABEL, NAME, Alike, find_layout
from container.codecs.record_pb2 import Record
from container.codecs.records import Row, read_record, stack
from container.codecs.sniff import mismatch, sniff
from container.codecs.sparse_layout import read_sparse
from container.errors import DecodeError

MEDIA_TYPE = "application/x-recordio-protobuf"

# What is read at once and decoded while it lies in the cache: measured a fifth faster than 1 or 4 MB, also read ahead.
WINDOW_BYTES = 2 << 20


def decode_blocks(stream: BinaryIO, parameters: Mapping[str, str], features: int | None) -> Iterator[Block]:
    """Read labelled records; `features` is their width, None where the first record decides.

    Records with keys make sparse blocks, the others dense ones.
    """
    return _decode(stream, features, labelled=True)


def decode(body: bytes, parameters: Mapping[str, str], features: int) -> Features:
    """Read the records of a request, framed or a single bare one, as (n, features); labels are ignored.

    All rows are sparse if one of the records has keys.
    """
    framed = body if body.startswith(MAGIC) else make_frame(body)
    try:
        return _join([X for X, _ in _decode(BytesIO(framed), features, labelled=False)], features)
    except DecodeError:
        if framed is body or sniff(body) is None:
            raise
        raise DecodeError(mismatch(MEDIA_TYPE, body)) from None


def encode_records(X: Matrix, y: Matrix | None = None) -> bytes:
    """Write features (n, d) and labels (n,) as dense float32 records."""
    return _encode({(FEATURES, NAME): X} if y is None else {(FEATURES, NAME): X, (LABEL, NAME): y})


def encode_sparse_records(X: Sparse, y: Matrix) -> bytes:
    """Write sparse features (n, d) and labels (n,) as float32 records with keys."""
    width = X.shape[1]
    assert width is not None
    frames = []
    for (first, last), label in zip(pairwise(X.indptr), y, strict=True):
        record = Record()
        tensor = record.features["values"].float32_tensor
        tensor.values.extend(X.data[first:last].tolist())
        tensor.keys.extend(X.indices[first:last].tolist())
        tensor.shape.append(width)
        record.label["values"].float32_tensor.values.append(label)
        frames.append(make_frame(record.SerializeToString()))
    return b"".join(frames)


def encode(columns: Columns) -> bytes:
    """Write an answer: each row a record whose label holds the columns by name, float32 each."""
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


def _decode(stream: BinaryIO, features: int | None, labelled: bool) -> Iterator[Block]:
    window = Window(stream, WINDOW_BYTES)
    alike = Alike(labelled)
    number = 1
    while window.fill():
        if number == 1 and window.data[:4] != MAGIC:
            raise DecodeError(mismatch(MEDIA_TYPE, bytes(window.data[:4096])))
        run = _read_at_once(window.data, alike, features) or _read_each(window, number, features, labelled)
        while run:
            (X, y), size = run
            _check_finite(X, y, number)
            features = X.shape[1]
            number += len(y)
            window.take(size)
            yield X, y
            run = _read_each(window, number, features, labelled)


def _read_at_once(data: memoryview, alike: Alike, features: int | None) -> tuple[Block, int] | None:
    return alike.read(data, features) or (read_sparse(data, features) if alike.labelled else None)


def _read_each(window: Window, number: int, features: int | None, labelled: bool) -> tuple[Block, int] | None:
    """Read the whole records in the window one by one until their kind changes; `number` is that of the first.

    Gives the block and the bytes that it took. An error waits until the records before it have been given.
    """
    rows: list[Row] = []
    data, at = window.data, 0
    while at < len(data):
        try:
            if (frame := read_frame(data, at, window.ended)) is None:
                break
            row = read_record(frame[0], features, labelled)
        except DecodeError as error:
            if rows:
                break
            raise DecodeError(error.problem, f"record {number}", f"byte {window.offset}") from None
        if rows and (row.keys is None) != (rows[0].keys is None):
            break
        rows.append(row)
        features, at = row.width, frame[1]
    return ((stack(rows), np.array([row.label for row in rows])), at) if rows else None


def _join(parts: list[Features], features: int) -> Features:
    """Put the rows of all parts under one another."""
    dense = [part for part in parts if not isinstance(part, Sparse)]
    if len(dense) == len(parts):
        return np.concatenate(dense)
    rows = [part if isinstance(part, Sparse) else _compress(part) for part in parts]
    indptr = np.cumsum(np.concatenate([[0], *(np.diff(part.indptr) for part in rows)]))
    data, indices = np.concatenate([part.data for part in rows]), np.concatenate([part.indices for part in rows])
    return Sparse(data, indices, indptr, (len(indptr) - 1, features))


def _compress(X: Matrix) -> Sparse:
    rows, columns = np.nonzero(X)
    indptr = np.append(0, np.cumsum(np.bincount(rows, minlength=len(X))))
    return Sparse(X[rows, columns], columns.astype(np.int32), indptr, (len(X), X.shape[1]))


def _check_finite(X: Features, y: Matrix, number: int) -> None:
    """Refuse the first record, the first of them being record `number`, whose label or features are not finite."""
    values = X.data if isinstance(X, Sparse) else X.ravel()
    if np.isfinite(values).all() and np.isfinite(y).all():
        return
    faults = [(int(row), "label", y[row]) for row in np.flatnonzero(~np.isfinite(y))[:1]]
    for at in np.flatnonzero(~np.isfinite(values))[:1]:
        row, column = _find(X, int(at))
        faults.append((row, f"feature {column + 1}", values[at]))
    row, place, found = min(faults, key=itemgetter(0))
    problem = f"expected a finite number, found {found}. Remove missing and infinite values"
    raise DecodeError(problem, f"record {number + row}", place)


def _find(X: Features, at: int) -> tuple[int, int]:
    """Find the row and column of the value that is number `at` of those in memory."""
    if isinstance(X, Sparse):
        return int(np.searchsorted(X.indptr, at, "right")) - 1, int(X.indices[at])
    return divmod(at, X.shape[1])
