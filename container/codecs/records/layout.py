"""The byte layout of dense float32 records, so that records of the same layout are read and written as one array."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from container.codecs.records.framing import HEADER_BYTES, Bytes, Positions, leading_true_count, read_frame
from container.codecs.records.one_record import read_record
from container.contract.errors import DecodeError
from container.rows.blocks import Matrix

TENSOR_NAME = b"values"  # of the features and of the label
FEATURES_FIELD, LABEL_FIELD = 1, 2
_OVERHEAD_BYTES = 4096  # of what is remembered of a record beside its features
KEY_FIELD, VALUE_FIELD = 1, 2
FLOAT32_TENSOR_FIELD = 2
VALUES_FIELD, KEYS_FIELD, SHAPE_FIELD = 1, 2, 3
LENGTH_DELIMITED = 2


@dataclass(frozen=True)
class Layout:
    """One framed record as a template: bytes in `number_slices` may differ between records, all others are fixed."""

    template: Bytes
    number_slices: dict[tuple[int, bytes], slice]

    def matching_records(self, data: Bytes) -> Bytes:
        """Return the records at the front of `data` whose fixed bytes are the template's, (n, bytes per record)."""
        size = len(self.template)
        table = data[: len(data) // size * size].reshape(-1, size)
        unit, places = self._fixed_places
        fixed = table.view(unit)[:, places]
        if not len(fixed) or (fixed[0] != self.template.view(unit)[places]).any():
            return table[:0]
        flat = fixed.ravel()
        like_previous = flat[len(places) :] == flat[: -len(places)]  # in one loop, where a template takes one a row
        if not like_previous.all():
            table = table[: 1 + leading_true_count(like_previous.reshape(-1, len(places)).all(axis=1))]
        return table

    @cached_property
    def _fixed_places(self) -> tuple[type[np.unsignedinteger[Any]], Positions]:
        """Where the fixed bytes are, and the unit of these places: four bytes, or one where numbers lie in between."""
        is_fixed = np.ones(len(self.template), np.bool_)
        for part in self.number_slices.values():
            is_fixed[part] = False
        words = is_fixed.reshape(-1, 4)
        if (words.all(axis=1) == words.any(axis=1)).all():
            return np.uint32, np.flatnonzero(words[:, 0])
        return np.uint8, np.flatnonzero(is_fixed)


class TemplateReader:
    """Reads consecutive dense records of one layout at once, and remembers the last layout."""

    def __init__(self, labelled: bool) -> None:
        self.labelled = labelled
        self._layout: Layout | None = None

    def read_matching(self, data: memoryview, feature_dim: int | None) -> tuple[tuple[Matrix, Matrix], int] | None:
        """Read the records of one layout at the front of `data`. Returns the rows and their size in bytes, or None.

        The features are a view of `data`. A new layout is accepted only if protobuf's parser reads the same values from
        the first record.
        """
        raw = np.frombuffer(data, np.uint8)
        layout = self._layout
        if layout is None or not len(table := layout.matching_records(raw)):
            self._layout = layout = self._learn_layout(data, feature_dim)
            if layout is None:
                return None
            table = layout.matching_records(raw)
        return self._extract_rows(layout, table), table.size

    def _learn_layout(self, data: memoryview, feature_dim: int | None) -> Layout | None:
        try:
            frame = read_frame(data, 0, has_ended=False)
            layout = find_layout(bytes(data[: frame[1]])) if frame else None
            if frame is None or layout is None or (FEATURES_FIELD, TENSOR_NAME) not in layout.number_slices:
                return None
            if feature_dim is not None and frame[1] > 4 * feature_dim + _OVERHEAD_BYTES:
                return None
            row = read_record(frame[0], feature_dim, self.labelled)
        except DecodeError:
            return None
        X, y = self._extract_rows(layout, layout.template[None])
        same = row.keys is None and X.tobytes() == row.values.tobytes() and y.tobytes() == row.label.tobytes()
        return layout if same else None

    def _extract_rows(self, layout: Layout, table: Bytes) -> tuple[Matrix, Matrix]:
        X = table[:, layout.number_slices[FEATURES_FIELD, TENSOR_NAME]].view("<f4")
        if not self.labelled:
            return X, np.zeros(len(X), np.float32)
        return X, table[:, layout.number_slices[LABEL_FIELD, TENSOR_NAME]].view("<f4")[:, 0].copy()


def find_layout(frame: bytes) -> Layout | None:
    """Find the numbers of a framed record; None unless it is plain, dense, packed float32."""
    length = int.from_bytes(frame[4:8], "little")
    numbers: dict[tuple[int, bytes], slice] = {}
    try:
        for field, start, stop in _walk_fields(frame, HEADER_BYTES, HEADER_BYTES + length):
            if field in (FEATURES_FIELD, LABEL_FIELD):
                entry = dict(_unique_fields(frame, start, stop))
                name = (field, frame[entry[KEY_FIELD]])
                ((kind, tensor),) = _unique_fields(frame, entry[VALUE_FIELD].start, entry[VALUE_FIELD].stop)
                contents = dict(_unique_fields(frame, tensor.start, tensor.stop))
                keys = contents.get(KEYS_FIELD, slice(0, 0))
                if kind != FLOAT32_TENSOR_FIELD or name in numbers or keys.start != keys.stop:
                    return None
                numbers[name] = contents[VALUES_FIELD]
    except (KeyError, IndexError, ValueError):
        return None
    return Layout(np.frombuffer(frame, np.uint8), numbers)


def _unique_fields(data: bytes, start: int, stop: int) -> Iterator[tuple[int, slice]]:
    seen = set()
    for field, first, last in _walk_fields(data, start, stop):
        if field in seen:
            raise ValueError(field)
        seen.add(field)
        yield field, slice(first, last)


def _walk_fields(data: bytes, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Yield (number, start, stop) of each field of a protobuf message; ValueError unless all are length-delimited."""
    while start < stop:
        tag, start = _read_varint(data, start)
        if tag & 7 != LENGTH_DELIMITED:
            raise ValueError(tag)
        length, start = _read_varint(data, start)
        yield tag >> 3, start, start + length
        start += length


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
