"""Where the numbers lie inside a dense float32 record, so that records alike are read and written as one array."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from container.codecs.blocks import Matrix
from container.codecs.framing import HEADER_BYTES, Bytes

FEATURES, LABEL = 1, 2

_KEY, _VALUE = 1, 2
_FLOAT32_TENSOR = 2
_VALUES, _KEYS = 1, 2
_LENGTH_DELIMITED = 2


@dataclass(frozen=True)
class Layout:
    """One framed record as a template: `numbers` are the bytes that may differ, all others are fixed."""

    template: Bytes
    numbers: dict[tuple[int, bytes], slice]

    def matching(self, data: Bytes) -> Bytes:
        """Give the records at the front of `data` whose fixed bytes are the template's, as (n, bytes a record)."""
        size = len(self.template)
        table = data[: len(data) // size * size].reshape(-1, size)
        for fixed in self._fixed():
            same = table[:, fixed] == self.template[fixed]
            if not same.all():
                table = table[: int(same.all(axis=1).argmin())]
        return table

    def _fixed(self) -> Iterator[slice]:
        start = 0
        for part in sorted(self.numbers.values(), key=lambda part: part.start):
            yield slice(start, part.start)
            start = part.stop
        yield slice(start, len(self.template))


def read_floats(table: Bytes, part: slice) -> Matrix:
    """Copy the float32 numbers of all records out, (n, bytes / 4)."""
    return table[:, part].copy().view("<f4")


def find_layout(frame: bytes) -> Layout | None:
    """Find the numbers of one whole framed record; None where it is not plain, dense, packed float32."""
    length = int.from_bytes(frame[4:8], "little")
    numbers: dict[tuple[int, bytes], slice] = {}
    try:
        for field, start, stop in _fields(frame, HEADER_BYTES, HEADER_BYTES + length):
            if field in (FEATURES, LABEL):
                entry = dict(_single(frame, start, stop))
                name = (field, frame[entry[_KEY]])
                ((kind, tensor),) = _single(frame, entry[_VALUE].start, entry[_VALUE].stop)
                contents = dict(_single(frame, tensor.start, tensor.stop))
                keys = contents.get(_KEYS, slice(0, 0))
                if kind != _FLOAT32_TENSOR or name in numbers or keys.start != keys.stop:
                    return None
                numbers[name] = contents[_VALUES]
    except (KeyError, IndexError, ValueError):
        return None
    return Layout(np.frombuffer(frame, np.uint8), numbers)


def _single(data: bytes, start: int, stop: int) -> Iterator[tuple[int, slice]]:
    seen = set()
    for field, first, last in _fields(data, start, stop):
        if field in seen:
            raise ValueError(field)
        seen.add(field)
        yield field, slice(first, last)


def _fields(data: bytes, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Walk the fields of a protobuf message: (number, start, stop) of each; all must be length-delimited."""
    while start < stop:
        tag, start = _varint(data, start)
        if tag & 7 != _LENGTH_DELIMITED:
            raise ValueError(tag)
        length, start = _varint(data, start)
        yield tag >> 3, start, start + length
        start += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
