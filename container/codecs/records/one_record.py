"""A single record parsed by protobuf: its row, or the reason why it has none.

Tests: tests/container/codecs/test_recordio.py, tests/container/codecs/records/test_one_by_one.py.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from google.protobuf.message import DecodeError as ParseError
from numpy.typing import NDArray

from container.codecs.records.record_pb2 import Record, Value
from container.contract.errors import DecodeError
from container.rows.blocks import Features, Matrix
from open_algorithms.learning.rows.csr import Csr

MAX_FEATURE_DIM = 2**31 - 1

_Keys = NDArray[np.uint64]
_TENSORS = {"float32_tensor": np.float32, "float64_tensor": np.float64, "int32_tensor": np.int32}


class Row(NamedTuple):
    """The features of a record, only those of its keys if it is sparse, and its label, 0 if labels are not read."""

    values: Matrix
    keys: NDArray[np.int32] | None
    width: int
    label: np.float32


def read_record(payload: bytes, feature_dim: int | None, labelled: bool) -> Row:
    """Parse a record of `feature_dim` columns (None: any) and, if `labelled`, its label; raises DecodeError."""
    try:
        record = Record.FromString(payload)
    except ParseError:
        raise DecodeError(f"not a protobuf Record ({len(payload)} bytes): the file is corrupt") from None
    if "values" not in record.features:
        raise DecodeError(f'expected features called "values", found {_list_names(record.features)}')
    if len(record.features) > 1:
        problem = f'expected features called "values" alone, found {_list_names(record.features)}'
        raise DecodeError(f"{problem}. Put all features of a record into one tensor")
    values, keys, width = _read_features(record.features["values"], feature_dim)
    return Row(values, keys, width, _read_label(record.label) if labelled else np.float32(0))


def stack_records(rows: list[Row]) -> Features:
    """Stack rows to a matrix, CSR if one of them is sparse."""
    if all(row.keys is None for row in rows):
        return np.stack([row.values for row in rows])
    keys = [np.arange(row.width, dtype=np.int32) if row.keys is None else row.keys for row in rows]
    indptr = np.cumsum([0, *map(len, keys)])
    return Csr(np.concatenate([row.values for row in rows]), np.concatenate(keys), indptr, (len(rows), rows[0].width))


def _read_label(entries: Mapping[str, Value]) -> np.float32:
    if list(entries) != ["values"]:
        raise DecodeError(f'expected one label called "values", found {_list_names(entries)}')
    values, keys, _ = _read_tensor(entries["values"])
    if len(keys) or len(values) != 1:
        raise DecodeError(f"expected one label, found {len(values)}{' with keys' if len(keys) else ''}")
    return np.float32(values[0])


def _read_features(value: Value, feature_dim: int | None) -> tuple[Matrix, NDArray[np.int32] | None, int]:
    values, keys, shape = _read_tensor(value)
    if len(keys) or (shape and not len(values)):
        width = _sparse_width(shape, feature_dim)
        return *_sort_by_key(values, keys, width), width
    if shape and _element_count(shape) != len(values):
        raise DecodeError(f"a shape of {_shorten_text(shape)}, but {len(values)} values")
    if feature_dim not in (None, len(values)) or not len(values):
        raise DecodeError(f"expected {feature_dim or 'one or more'} features, found {len(values)}")
    return values, None, len(values)


def _read_tensor(value: Value) -> tuple[Matrix, _Keys, list[int]]:
    kind = value.WhichOneof("value")
    if kind not in _TENSORS:
        raise DecodeError(f"expected a tensor of float32, float64 or int32, found {kind or 'nothing'}")
    tensor = getattr(value, kind)
    values = np.fromiter(tensor.values, _TENSORS[kind], len(tensor.values))
    if kind == "float64_tensor":
        with np.errstate(over="ignore", invalid="ignore"):
            values = values.astype(np.float32)
    keys = np.fromiter(tensor.keys, np.uint64, len(tensor.keys))
    return values.astype(np.float32, copy=False), keys, list(tensor.shape)


def _sparse_width(shape: list[int], feature_dim: int | None) -> int:
    if not shape and feature_dim is not None:
        return feature_dim
    if not shape or _element_count(shape) != shape[-1]:
        raise DecodeError(
            f"a sparse record must give its number of features as its shape, found {_shorten_text(shape)}"
        )
    if feature_dim not in (None, shape[-1]):
        raise DecodeError(f"expected {feature_dim} features, found a shape of {shape[-1]}")
    if not 1 <= shape[-1] <= MAX_FEATURE_DIM:
        raise DecodeError(f"expected 1 to {MAX_FEATURE_DIM} features, found a shape of {shape[-1]}")
    return shape[-1]


def _sort_by_key(values: Matrix, keys: _Keys, width: int) -> tuple[Matrix, NDArray[np.int32]]:
    """Sort the values of a sparse record by key; raise DecodeError for duplicates and for keys beyond `width`."""
    if len(keys) != len(values):
        raise DecodeError(f"{len(keys)} keys, but {len(values)} values")
    order = np.argsort(keys, kind="stable")
    rising = keys[order]
    twice = rising[1:][rising[1:] == rising[:-1]]
    if len(twice) or rising[-1:].max(initial=0) >= width:
        wrong = rising[-1] if rising[-1] >= width else f"{twice[0]} twice"
        raise DecodeError(f"expected different keys from 0 to {width - 1}, found {wrong}")
    return values[order], rising.astype(np.int32)


def _element_count(shape: list[int]) -> float:
    return math.prod(map(float, shape))


def _list_names(entries: Mapping[str, Value]) -> str:
    names = ", ".join(sorted(map(repr, entries)))
    return _shorten_text(f"{len(entries)} ({names})" if len(entries) > 1 else names)


def _shorten_text(found: object) -> str:
    return str(found)[:80] if found else "none"
