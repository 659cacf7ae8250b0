"""Sparse records read all at once: the same protobuf fields passed, one after the other, in every one of them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from container.codecs.blocks import Block, Sparse
from container.codecs.framing import Bytes, Positions, count_leading, find_frames
from container.codecs.layout import (
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
from container.codecs.records import WIDEST
from container.codecs.varints import read_varints, unpack_varints


def read_sparse(data: memoryview, features: int | None, labelled: bool) -> tuple[Block, int] | None:
    """Read the records at the front of `data` that are sparse float32 tensors: the rows and how many bytes.

    Each has a label if they are `labelled`, else none has. Stops before the first record that is anything else or not
    as wide as `features`, if given, or as the first. None where that is the first of all, or where the keys of any are
    wrong.
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
    """The contents of a field in each of n records: where they start and how long they are, (n,)."""

    start: Positions
    length: Positions

    def join(self, data: memoryview, count: int) -> bytearray:
        """Copy the contents in the first `count` records, one behind the other."""
        start = self.start[:count]
        stop = start + self.length[:count]
        return bytearray().join([data[i:j] for i, j in zip(start.tolist(), stop.tolist(), strict=True)])


class _Walk:
    """A place in each of n records, moved over the same fields in all; `fits` tells which have had every one so far."""

    def __init__(self, data: Bytes, at: Positions) -> None:
        self._data = data
        self.at = at
        self.fits = np.ones(len(at), np.bool_)

    def pass_tensor(self, field: int) -> tuple[_Part, _Part, _Part]:
        """Pass an entry of `field` that is a float32 tensor called "values": give its values, keys and shape."""
        stops = [self._enter(field)]
        self._pass_name()
        stops += [self._enter(VALUE), self._enter(FLOAT32_TENSOR)]
        parts = self._pass(VALUES), self._pass(KEYS), self._pass(SHAPE)
        for stop in stops:
            self.fits &= self.at == stop
        return parts

    def _enter(self, field: int) -> Positions:
        """Move to the contents of a field; give where they stop."""
        there, contents = self._peek(field)
        self.fits &= there
        self.at = contents.start
        return contents.start + contents.length

    def _pass(self, field: int) -> _Part:
        """Move behind a field; its contents are empty in those records that have none."""
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
    """Read packed keys, those of row i up to `stops[i]`: the columns of each row as they rise, and their order.

    None where a row has not as many keys as values, or one key twice or beyond the width.
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
