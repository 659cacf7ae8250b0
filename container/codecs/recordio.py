"""application/x-recordio-protobuf: framed protobuf records, features and label under the name "values"."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

import numpy as np
from google.protobuf.message import DecodeError as ParseError

from container.codecs.blocks import BLOCK_BYTES, Block, Columns, Matrix, first_bad
from container.codecs.framing import MAGIC, Window, make_frame, read_frame
from container.codecs.layout import FEATURES, LABEL, find_layout, read_floats
from container.codecs.record_pb2 import Record, Value
from container.codecs.sniff import mismatch, sniff
from container.errors import DecodeError

MEDIA_TYPE = "application/x-recordio-protobuf"

_DENSE_LIMIT = 10_000_000
_NAME = b"values"
_TENSORS = {"float32_tensor": np.float32, "float64_tensor": np.float64, "int32_tensor": np.int32}


def decode_blocks(stream: BinaryIO, parameters: Mapping[str, str], features: int | None) -> Iterator[Block]:
    """Read labelled records; `features` is their width, None where the first record decides."""
    return _decode(stream, features, labelled=True)


def decode(body: bytes, parameters: Mapping[str, str], features: int) -> Matrix:
    """Read the records of a request, framed or a single bare one, as (n, features); labels are ignored."""
    framed = body if body.startswith(MAGIC) else make_frame(body)
    try:
        return np.concatenate([X for X, _ in _decode(BytesIO(framed), features, labelled=False)])
    except DecodeError:
        if framed is body or sniff(body) is None:
            raise
        raise DecodeError(mismatch(MEDIA_TYPE, body)) from None


def encode_records(X: Matrix, y: Matrix | None = None) -> bytes:
    """Write features (n, d) and labels (n,) as dense float32 records."""
    return _encode({(FEATURES, _NAME): X} if y is None else {(FEATURES, _NAME): X, (LABEL, _NAME): y})


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
    window = Window(stream, BLOCK_BYTES)
    number = 1
    while window.fill():
        if number == 1 and window.data[:4] != MAGIC:
            raise DecodeError(mismatch(MEDIA_TYPE, bytes(window.data[:4096])))
        batch = _read_uniform(window, features, labelled) or _read_each(window, number, features, labelled)
        while batch:
            _check_finite(batch, number)
            features = batch.X.shape[1]
            number += len(batch.X)
            window.take(batch.size)
            yield batch.X, batch.y
            batch = _read_each(window, number, features, labelled)


@dataclass(frozen=True)
class _Batch:
    X: Matrix
    y: Matrix
    size: int


def _read_uniform(window: Window, features: int | None, labelled: bool) -> _Batch | None:
    """Read at once the records at the front that are laid out as the first, if the general way agrees on that one."""
    try:
        if (frame := read_frame(window.data, 0, final=False)) is None:
            return None
        row, label = _read_record(frame[0], features, labelled)
    except DecodeError:
        return None
    layout = find_layout(bytes(window.data[: frame[1]]))
    if layout is None or (FEATURES, _NAME) not in layout.numbers:
        return None
    table = layout.matching(np.frombuffer(window.data, np.uint8))
    X = read_floats(table, layout.numbers[FEATURES, _NAME])
    y = read_floats(table, layout.numbers[LABEL, _NAME])[:, 0] if labelled else np.zeros(len(X), np.float32)
    same = X[0].tobytes() == row.tobytes() and y[:1].tobytes() == label.tobytes()
    return _Batch(X, y, table.size) if same else None


def _read_each(window: Window, number: int, features: int | None, labelled: bool) -> _Batch | None:
    """Read whole records one by one until the window or a block is full; `number` is that of the first."""
    rows: list[Matrix] = []
    labels: list[Matrix] = []
    data, at, size = window.data, 0, 0
    while at < len(data) and size < BLOCK_BYTES:
        try:
            if (frame := read_frame(data, at, window.ended)) is None:
                break
            row, label = _read_record(frame[0], features, labelled)
        except DecodeError as error:
            raise DecodeError(error.problem, f"record {number + len(rows)}", f"byte {window.offset + at}") from None
        rows.append(row)
        labels.append(label)
        features, at, size = len(row), frame[1], size + row.nbytes
    return _Batch(np.stack(rows), np.concatenate(labels), at) if rows else None


def _read_record(payload: bytes, features: int | None, labelled: bool) -> tuple[Matrix, Matrix]:
    try:
        record = Record.FromString(payload)
    except ParseError:
        raise DecodeError(f"not a protobuf Record ({len(payload)} bytes): the file is corrupt") from None
    if "values" not in record.features:
        raise DecodeError(f'expected features called "values", found {_names(record.features)}')
    row = _read_value(record.features["values"], features)
    if features not in (None, len(row)) or not len(row):
        raise DecodeError(f"expected {features or 'one or more'} features, found {len(row)}")
    if not labelled:
        return row, np.zeros(1, np.float32)
    if list(record.label) != ["values"]:
        raise DecodeError(f'expected one label called "values", found {_names(record.label)}')
    label = _read_value(record.label["values"], None)
    if len(label) != 1:
        raise DecodeError(f"expected one label, found {len(label)}")
    return row, label


def _read_value(value: Value, features: int | None) -> Matrix:
    kind = value.WhichOneof("value")
    if kind not in _TENSORS:
        raise DecodeError(f"expected a tensor of float32, float64 or int32, found {kind or 'nothing'}")
    tensor = getattr(value, kind)
    with np.errstate(over="ignore"):
        values = np.array(tensor.values, _TENSORS[kind]).astype(np.float32)
    shape, keys = list(tensor.shape), list(tensor.keys)
    width = shape[-1] if shape else len(values)
    if not keys and (len(values) or not width):
        if math.prod(shape or [width]) != len(values):
            raise DecodeError(f"a shape of {shape}, but {len(values)} values")
        return values
    return _densify(keys, values, shape, features)


def _densify(keys: list[int], values: Matrix, shape: list[int], features: int | None) -> Matrix:
    """Write a sparse record as a dense row."""
    if not shape or math.prod(shape) != shape[-1]:
        raise DecodeError(f"a sparse record must give its number of features as its shape, found {shape or 'none'}")
    width = shape[-1]
    if features not in (None, width):
        raise DecodeError(f"expected {features} features, found a shape of {width}")
    if width > _DENSE_LIMIT:
        raise DecodeError(f"{width} features: this version takes sparse records up to {_DENSE_LIMIT} features wide")
    if len(keys) != len(values):
        raise DecodeError(f"{len(keys)} keys, but {len(values)} values")
    if len(set(keys)) != len(keys) or max(keys, default=0) >= width:
        raise DecodeError(f"expected different keys from 0 to {width - 1}, found {_wrong_key(keys, width)}")
    row = np.zeros(width, np.float32)
    row[keys] = values
    return row


def _wrong_key(keys: list[int], width: int) -> str:
    key = next((key for key in keys if key >= width), None)
    return str(key) if key is not None else f"{next(key for key in keys if keys.count(key) > 1)} twice"


def _check_finite(batch: _Batch, number: int) -> None:
    for name, values in (("label", batch.y[:, None]), ("feature", batch.X)):
        if bad := first_bad(values):
            row, column = bad
            place = name if name == "label" else f"{name} {column + 1}"
            problem = f"expected a finite number, found {values[bad]}. Remove missing and infinite values"
            raise DecodeError(problem, f"record {number + row}", place)


def _names(entries: Mapping[str, Value]) -> str:
    return ", ".join(repr(name) for name in sorted(entries)) or "none"
