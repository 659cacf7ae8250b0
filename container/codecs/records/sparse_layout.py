"""Sparse records decoded in bulk: all of them are walked field by field in parallel."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from container.codecs.records.framing import Bytes, Positions, count_leading, find_frames
from container.codecs.records.layout import (
    FEATURES,
    FLOAT32_TENSOR,
    KEY,
    KEYS,
    LABEL,
    LENGTH_DELIMITED,
    NAME,
    SHAPE,
    VALUE,
    VALUES,
)
from container.codecs.records.one_record import WIDEST
from container.codecs.records.varints import read_varints, unpack_varints
from container.rows.blocks import Block, Sparse


def read_sparse(data: memoryview, features: int | None, labelled: bool) -> tuple[Block, int] | None:
    """Read the sparse float32 records at the front of `data`. Returns the rows and their size in bytes, or None.

    With `labelled`, each has a label, otherwise none. Stops before the first record that is of another kind, or not as
    wide as `feature_dim` (if None, as the first one). Returns None if that is the first record, or if keys are invalid.
    """
    raw = np.frombuffer(data, np.uint8)
    starts, stops = find_frames(raw)
    walk = _Walk(raw, starts)
    values, keys, shape = walk.pass_tensor(FEATURES)
    if labelled:
        label, *rest = walk.pass_tensor(LABEL)
        walk.fits &= (label.length == 4) & (rest[0].length + rest[1].length == 0)
    widths, after = read_varints(raw, shape.start)
    fits = walk.fits & (walk.at == stops) & (after == shape.start + shape.length)
    fits &= (values.length % 4 == 0) & ((values.length == 0) == (keys.length == 0))
    fits &= (widths == (features or widths[:1])) & (widths > 0) & (widths <= WIDEST)
    if not (count := count_leading(fits)):
        return None
    indptr = np.append(0, np.cumsum(values.length[:count] // 4))
    columns = _read_columns(keys.join(data, count), np.cumsum(keys.length[:count]), indptr, int(widths[0]))
    if columns is None:
        return None
    indices, order = columns
    numbers = np.frombuffer(values.join(data, count), "<f4")[order]
    X = Sparse(numbers, indices, indptr, (count, int(widths[0])))
    y = np.zeros(count, np.float32)
    if labelled:
        y = raw[label.start[:count, None] + np.arange(4)].view("<f4")[:, 0]
    return (X, y), int(stops[count - 1] + -stops[count - 1] % 4)


class _Part(NamedTuple):
    """The contents of a field in each of n records: start and length, (n,) each."""

    start: Positions
    length: Positions

    def join(self, data: memoryview, count: int) -> bytearray:
        """Concatenate the contents in the first `count` records."""
        start = self.start[:count]
        stop = start + self.length[:count]
        return bytearray().join([data[i:j] for i, j in zip(start.tolist(), stop.tolist(), strict=True)])


class _Walk:
    """A position in each of n records, moved over the same fields; `matches` (n,) tells which had all so far."""

    def __init__(self, data: Bytes, at: Positions) -> None:
        self._data = data
        self.at = at
        self.fits = np.ones(len(at), np.bool_)

    def pass_tensor(self, field: int) -> tuple[_Part, _Part, _Part]:
        """Read an entry of `field` that is a float32 tensor named "values". Returns its values, keys and shape."""
        stops = [self._enter(field)]
        self._pass_name()
        stops += [self._enter(VALUE), self._enter(FLOAT32_TENSOR)]
        parts = self._pass(VALUES), self._pass(KEYS), self._pass(SHAPE)
        for stop in stops:
            self.fits &= self.at == stop
        return parts

    def _enter(self, field: int) -> Positions:
        """Move to the contents of a field. Returns where they stop."""
        there, contents = self._peek(field)
        self.fits &= there
        self.at = contents.start
        return contents.start + contents.length

    def _pass(self, field: int) -> _Part:
        """Move behind a field. Returns its contents, empty for records without it."""
        there, contents = self._peek(field)
        length = contents.length * there
        self.at = np.where(there, contents.start + length, self.at)
        return _Part(contents.start, length)

    def _pass_name(self) -> None:
        stop = self._enter(KEY)
        letters = self._data.take(self.at[:, None] + np.arange(len(NAME)), mode="clip")
        self.fits &= (letters == np.frombuffer(NAME, np.uint8)).all(axis=1) & (self.at + len(NAME) == stop)
        self.at = stop

    def _peek(self, field: int) -> tuple[NDArray[np.bool_], _Part]:
        there = self._data.take(self.at, mode="clip") == (field << 3 | LENGTH_DELIMITED)
        length, start = read_varints(self._data, self.at + 1)
        return there & (length >= 0) & (length <= len(self._data)), _Part(start, length)


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
    if _rise(indices, indptr):
        return indices, slice(None)
    order = np.lexsort((indices, np.repeat(np.arange(len(stops)), np.diff(indptr))))
    return (indices[order], order) if _rise(indices[order], indptr) else None


def _rise(indices: NDArray[np.int32], indptr: Positions) -> bool:
    rises = np.diff(indices) > 0
    rises[indptr[(indptr > 0) & (indptr < len(indices))] - 1] = True
    return bool(rises.all())
