"""application/x-recordio-protobuf: framed protobuf records, features and label under the name "values"."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import BinaryIO

import numpy as np

from container.codecs.records.framing import HEADER_BYTES, MAGIC, StreamWindow, make_frame
from container.codecs.records.layout import FEATURES_FIELD, LABEL_FIELD, TENSOR_NAME, TemplateReader, find_layout
from container.codecs.records.one_by_one import check_finite, read_each_record
from container.codecs.records.one_record import read_record, stack_records
from container.codecs.records.record_pb2 import Record
from container.codecs.records.sparse_layout import read_sparse_records
from container.codecs.sniffing.sniff import explain_mismatch, sniff_type
from container.contract.errors import DecodeError
from container.rows.blocks import (
    DEFAULT_OPTIONS,
    AnswerColumns,
    Block,
    DecodeOptions,
    Features,
    Matrix,
    without_labels,
)
from open_algorithms.learning.rows.csr import Csr

MEDIA_TYPE = "application/x-recordio-protobuf"

# What is read at once and decoded while it lies in the cache: measured a fifth faster than 1 or 4 MB, also read ahead.
WINDOW_BYTES = 2 << 20
# Of numbers that stay where they are read: handing a block to another thread takes as long as copying 0.5 MB.
LENT_WINDOW_BYTES = 6 << 20
_REQUEST_BYTES = 8 << 20  # a body of a request is mostly less, and then not copied


_MAX_RECORD_BYTES = 100 << 20  # of one record in a request


def decode_blocks(
    stream: BinaryIO, parameters: Mapping[str, str], feature_dim: int | None, options: DecodeOptions = DEFAULT_OPTIONS
) -> Iterator[Block]:
    """Decode records; `feature_dim` is their width, None to take it from the first record.

    Records with keys yield CSR blocks, others dense ones. Labels are ignored if the options say that rows have none.
    """
    labelled = options.labelled
    window = StreamWindow(stream, WINDOW_BYTES, LENT_WINDOW_BYTES)
    alike = TemplateReader(labelled)
    number = 1
    while window.fill():
        if number == 1 and window.unread_bytes[:4] != MAGIC:
            raise DecodeError(explain_mismatch(MEDIA_TYPE, bytes(window.unread_bytes[:4096])))
        run = (
            _read_alike(alike, window, feature_dim)
            or read_sparse_records(window.unread_bytes, feature_dim, labelled)
            or (None if labelled else read_sparse_records(window.unread_bytes, feature_dim, True))
            or read_each_record(window.unread_bytes, window.offset, window.has_ended, number, feature_dim, labelled)
        )
        while run:
            (X, y), size = run
            check_finite(X, y, number)
            feature_dim = X.shape[1]
            number += len(y)
            window.consume(size)
            yield (X, y) if labelled else without_labels(X)
            run = read_each_record(window.unread_bytes, window.offset, window.has_ended, number, feature_dim, labelled)


def _read_alike(reader: TemplateReader, window: StreamWindow, feature_dim: int | None) -> tuple[Block, int] | None:
    """Read the records of one layout at the front of the window; None if there are none."""
    run = reader.read_matching(window.unread_bytes, feature_dim)
    if run is None:
        return None
    (X, y), size = run
    return (window.lend_or_copy(X), y), size


def decode_records(
    stream: BinaryIO, parameters: Mapping[str, str], feature_dim: int, options: DecodeOptions = DEFAULT_OPTIONS
) -> Iterator[Features]:
    """Decode the records of a request, (n, feature_dim): framed, or one without a frame. Labels are ignored.

    A piece with any sparse record is CSR.
    """
    data = _read_at_least(stream, len(MAGIC))
    if data and not data.startswith(MAGIC):
        X = _read_bare_record(_read_at_least(stream, _MAX_RECORD_BYTES, data), feature_dim)
        check_finite(X, np.zeros(1, np.float32), 1)
        yield X
        return
    alike = _request_reader(feature_dim)
    number, offset, ended = 1, 0, not data
    while data:
        view, at = memoryview(data), 0
        run = _read_uniform_records(view, alike, feature_dim) or read_each_record(
            view, offset, ended, number, feature_dim, False
        )
        while run:
            (X, y), size = run
            check_finite(X, np.zeros(len(y), np.float32), number)
            number += len(y)
            at += size
            yield X
            run = read_each_record(view[at:], offset + at, ended, number, feature_dim, False)
        more = b"" if ended else _read_at_least(stream, len(data) - at)
        data, offset, ended = data[at:] + more, offset + at, not more


def _read_at_least(stream: BinaryIO, least: int, head: bytes = b"") -> bytes:
    """Read what the stream returns at once, but at least `least` bytes unless it ends.

    Raises DecodeError if a record exceeds its largest size.
    """
    parts = [head] if head else [stream.read(_REQUEST_BYTES)]
    size = len(parts[0])
    while parts[-1] and size < least:
        parts.append(stream.read(_REQUEST_BYTES))
        size += len(parts[-1])
    if least >= _MAX_RECORD_BYTES <= size:
        raise DecodeError(f"a record of more than {_MAX_RECORD_BYTES >> 20} MB")
    return b"".join(parts) if len(parts) > 1 else parts[0]


@lru_cache(maxsize=16)
def _request_reader(feature_dim: int) -> TemplateReader:
    """Return the reader for requests of this width, which remembers the layout of earlier records."""
    return TemplateReader(labelled=False)


def _read_uniform_records(data: memoryview, reader: TemplateReader, feature_dim: int) -> tuple[Block, int] | None:
    """Read the unlabelled records of one layout at the front of `data`; None if they must be parsed singly."""
    if run := reader.read_matching(data, feature_dim):
        (X, y), size = run
        return (X.copy(), y), size
    length = int.from_bytes(data[4:HEADER_BYTES], "little")
    if len(data) <= HEADER_BYTES + length + -length % 4:
        return None
    return read_sparse_records(data, feature_dim, False) or read_sparse_records(data, feature_dim, True)


def _read_bare_record(body: bytes, feature_dim: int) -> Features:
    """Read a single record without a frame."""
    try:
        run = _request_reader(feature_dim).read_matching(memoryview(make_frame(body)), feature_dim)
        return run[0][0].copy() if run else stack_records([read_record(body, feature_dim, False)])
    except DecodeError as error:
        if sniff_type(body) is not None:
            raise DecodeError(explain_mismatch(MEDIA_TYPE, body, is_request=True)) from None
        raise DecodeError(error.problem, "record 1", "byte 0") from None


def encode_records(X: Matrix, y: Matrix | None = None) -> bytes:
    """Encode features (n, d), and labels (n,) if given, as dense float32 records."""
    return _encode_columns(
        {(FEATURES_FIELD, TENSOR_NAME): X}
        if y is None
        else {(FEATURES_FIELD, TENSOR_NAME): X, (LABEL_FIELD, TENSOR_NAME): y}
    )


def encode_sparse_records(X: Csr, y: Matrix | None = None) -> bytes:
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


def encode_answer(columns: AnswerColumns) -> bytes:
    """Encode an answer: one record per row, whose label map holds the columns by name as float32."""
    return _encode_columns({(LABEL_FIELD, name.encode()): column for name, column in columns.items()})


def _encode_columns(columns: Mapping[tuple[int, bytes], np.ndarray[tuple[int, ...], np.dtype[np.generic]]]) -> bytes:
    record = Record()
    flat = {}
    for (field, name), column in columns.items():
        flat[field, name] = np.ascontiguousarray(column.reshape(len(column), -1), "<f4")
        entries = record.features if field == FEATURES_FIELD else record.label
        entries[name.decode()].float32_tensor.values.extend([0.0] * flat[field, name].shape[1])
    layout = find_layout(make_frame(record.SerializeToString(deterministic=True)))
    assert layout is not None
    table = np.tile(layout.template, (len(column), 1))
    for key, part in layout.number_slices.items():
        table[:, part] = flat[key].view(np.uint8)
    return table.tobytes()
