"""Sparse records decoded in bulk: all of them are walked field by field in parallel."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from container.codecs.records.framing import Bytes, Positions, find_frames, leading_true_count
from container.codecs.records.layout import (
    FEATURES_FIELD,
    FLOAT32_TENSOR_FIELD,
    KEY_FIELD,
    KEYS_FIELD,
    LABEL_FIELD,
    LENGTH_DELIMITED,
    SHAPE_FIELD,
    TENSOR_NAME,
    VALUE_FIELD,
    VALUES_FIELD,
)
from container.codecs.records.one_record import MAX_FEATURE_DIM
from container.codecs.records.varints import read_varints, unpack_varints
from container.rows.blocks import Block
from open_algorithms.learning.rows.csr import Csr


def read_sparse_records(data: memoryview, feature_dim: int | None, labelled: bool) -> tuple[Block, int] | None:
    """Read the sparse float32 records at the front of `data`. Returns the rows and their size in bytes, or None.

    With `labelled`, each has a label, otherwise none. Stops before the first record that is of another kind, or not as
    wide as `feature_dim` (if None, as the first one). Returns None if that is the first record, or if keys are invalid.
    """
    raw = np.frombuffer(data, np.uint8)
    starts, stops = find_frames(raw)
    walk = _FieldWalk(raw, starts)
    values, keys, shape = walk.read_tensor(FEATURES_FIELD)
    if labelled:
        label, *rest = walk.read_tensor(LABEL_FIELD)
        walk.matches &= (label.length == 4) & (rest[0].length + rest[1].length == 0)
    widths, after = read_varints(raw, shape.start)
    fits = walk.matches & (walk.at == stops) & (after == shape.start + shape.length)
    fits &= (values.length % 4 == 0) & ((values.length == 0) == (keys.length == 0))
    fits &= (widths == (feature_dim or widths[:1])) & (widths > 0) & (widths <= MAX_FEATURE_DIM)
    if not (count := leading_true_count(fits)):
        return None
    indptr = np.append(0, np.cumsum(values.length[:count] // 4))
    columns = _read_columns(keys.join_contents(data, count), np.cumsum(keys.length[:count]), indptr, int(widths[0]))
    if columns is None:
        return None
    indices, order = columns
    numbers = np.frombuffer(values.join_contents(data, count), "<f4")[order]
    X = Csr(numbers, indices, indptr, (count, int(widths[0])))
    y = np.zeros(count, np.float32)
    if labelled:
        y = raw[label.start[:count, None] + np.arange(4)].view("<f4")[:, 0]
    return (X, y), int(stops[count - 1] + -stops[count - 1] % 4)


class _FieldContents(NamedTuple):
    """The contents of a field in each of n records: start and length, (n,) each."""

    start: Positions
    length: Positions

    def join_contents(self, data: memoryview, count: int) -> bytearray:
        """Concatenate the contents in the first `count` records."""
        start = self.start[:count]
        stop = start + self.length[:count]
        return bytearray().join([data[i:j] for i, j in zip(start.tolist(), stop.tolist(), strict=True)])


class _FieldWalk:
    """A position in each of n records, moved over the same fields; `matches` (n,) tells which had all so far."""

    def __init__(self, data: Bytes, at: Positions) -> None:
        self._data = data
        self.at = at
        self.matches = np.ones(len(at), np.bool_)

    def read_tensor(self, field: int) -> tuple[_FieldContents, _FieldContents, _FieldContents]:
        """Read an entry of `field` that is a float32 tensor named "values". Returns its values, keys and shape."""
        stops = [self._enter_field(field)]
        self._skip_name()
        stops += [self._enter_field(VALUE_FIELD), self._enter_field(FLOAT32_TENSOR_FIELD)]
        parts = self._skip_field(VALUES_FIELD), self._skip_field(KEYS_FIELD), self._skip_field(SHAPE_FIELD)
        for stop in stops:
            self.matches &= self.at == stop
        return parts

    def _enter_field(self, field: int) -> Positions:
        """Move to the contents of a field. Returns where they stop."""
        there, contents = self._peek_field(field)
        self.matches &= there
        self.at = contents.start
        return contents.start + contents.length

    def _skip_field(self, field: int) -> _FieldContents:
        """Move behind a field. Returns its contents, empty for records without it."""
        there, contents = self._peek_field(field)
        length = contents.length * there
        self.at = np.where(there, contents.start + length, self.at)
        return _FieldContents(contents.start, length)

    def _skip_name(self) -> None:
        stop = self._enter_field(KEY_FIELD)
        letters = self._data.take(self.at[:, None] + np.arange(len(TENSOR_NAME)), mode="clip")
        self.matches &= (letters == np.frombuffer(TENSOR_NAME, np.uint8)).all(axis=1) & (
            self.at + len(TENSOR_NAME) == stop
        )
        self.at = stop

    def _peek_field(self, field: int) -> tuple[NDArray[np.bool_], _FieldContents]:
        there = self._data.take(self.at, mode="clip") == (field << 3 | LENGTH_DELIMITED)
        length, start = read_varints(self._data, self.at + 1)
        return there & (length >= 0) & (length <= len(self._data)), _FieldContents(start, length)


def _read_columns(
    packed: bytearray, stops: Positions, indptr: Positions, width: int
) -> tuple[NDArray[np.int32], Positions | slice] | None:
    """Unpack the keys; those of row i end at byte `stops[i]`. Returns sorted columns and the order that sorts them.

    Returns None if a row has fewer or more keys than values, a duplicate, or a key beyond `width`.
    """
    if (unpacked := unpack_varints(np.frombuffer(packed, np.uint8))) is None:
        return None
    keys, bounds = unpacked
    if len(keys) != indptr[-1] or (bounds[indptr[1:]] != stops).any() or keys.max(initial=0) >= width:
        return None
    indices = keys.astype(np.int32)
    if _has_sorted_rows(indices, indptr):
        return indices, slice(None)
    order = np.lexsort((indices, np.repeat(np.arange(len(stops)), np.diff(indptr))))
    return (indices[order], order) if _has_sorted_rows(indices[order], indptr) else None


def _has_sorted_rows(indices: NDArray[np.int32], indptr: Positions) -> bool:
    rises = np.diff(indices) > 0
    rises[indptr[(indptr > 0) & (indptr < len(indices))] - 1] = True
    return bool(rises.all())
