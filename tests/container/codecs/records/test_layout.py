"""The layout of a record: where its numbers are, so that records alike are read at once; none for any other record."""

import struct
from typing import Any

import numpy as np
import pytest

from container.codecs.recordio import encode_records
from container.codecs.records.framing import make_frame
from container.codecs.records.layout import TemplateReader, find_layout
from container.codecs.records.record_pb2 import Record

FEATURES, LABEL = (1, b"values"), (2, b"values")


def field(number: int, content: bytes) -> bytes:
    """A field of bytes, as protobuf writes it."""
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def entry(values: bytes = field(1, struct.pack("<2f", 3, 4)), number: int = 1, name: bytes = b"values") -> bytes:
    return field(number, field(1, name) + field(2, field(2, values)))


def read(payload: bytes, labelled: bool = False) -> Any:
    found = TemplateReader(labelled).read_matching(memoryview(make_frame(payload)), 2)
    return None if found is None else np.asarray(found[0][0]).tolist()


@pytest.mark.parametrize("features", [1, 2, 31, 32, 100, 5000])
def test_the_numbers_of_a_record_are_found(features: int) -> None:
    X, y = np.arange(features, dtype=np.float32)[None], np.array([7], np.float32)
    frame = encode_records(X, y)
    layout = find_layout(frame)
    assert layout is not None
    assert layout.template.tobytes() == frame
    slices = layout.number_slices
    assert set(slices) == {FEATURES, LABEL}
    assert frame[slices[FEATURES]] == X.tobytes()
    assert frame[slices[LABEL]] == y.tobytes()


def test_a_record_as_others_write_it_is_plain_too() -> None:
    assert read(entry()) == [[3, 4]]
    assert Record.FromString(entry()).features["values"].float32_tensor.values == [3, 4]


TWO = field(1, struct.pack("<f", 3)) + field(1, struct.pack("<f", 4))
OTHER_KIND = field(1, field(1, b"values") + field(2, field(3, field(1, bytes(8)))))


@pytest.mark.parametrize(
    "payload",
    [
        entry(TWO),  # the values in two parts
        entry() + entry(),  # the features twice
        field(1, field(1, b"values") * 2 + field(2, field(2, field(1, bytes(8))))),  # the name twice
        entry(field(1, bytes(8)) + field(2, b"\x00\x01")),  # sparse
        entry() + b"\x18\x05",  # a field that is a whole number
        entry() + b"\x1d\x00\x00\x00\x00",  # a field of four bytes
        OTHER_KIND,  # float64
        field(1, field(1, b"values")),  # no value
        field(1, field(2, field(2, field(1, bytes(8))))),  # no name
        entry(b""),  # no numbers
    ],
)
def test_any_other_record_has_no_layout(payload: bytes) -> None:
    assert find_layout(make_frame(payload)) is None


def test_records_of_another_layout_end_a_run_and_begin_one_of_their_own() -> None:
    X = np.arange(12, dtype=np.float32).reshape(6, 2)
    other = field(4, b"an id") + entry()
    data = encode_records(X[:2]) + make_frame(other) * 2 + encode_records(X[2:])
    reader, found, at = TemplateReader(labelled=False), [], 0
    while at < len(data):
        run = reader.read_matching(memoryview(data)[at:], 2)
        assert run is not None
        (rows, labels), size = run
        assert not labels.any()
        found.append(np.asarray(rows).tolist())
        at += size
    assert found == [X[:2].tolist(), [[3, 4]] * 2, X[2:].tolist()]


def test_a_record_of_another_width_or_without_the_label_is_not_read() -> None:
    data = memoryview(encode_records(np.ones((1, 3), np.float32)))
    assert TemplateReader(labelled=False).read_matching(data, 2) is None
    assert TemplateReader(labelled=True).read_matching(data, 3) is None
    assert TemplateReader(labelled=False).read_matching(data, 3) is not None
    assert TemplateReader(labelled=False).read_matching(data[:-4], 3) is None
    assert TemplateReader(labelled=False).read_matching(data, None) is not None


@pytest.mark.parametrize("name", [b"", b"i", b"id", b"id 1"])
def test_a_run_ends_at_the_first_byte_that_differs_wherever_the_numbers_are(name: bytes) -> None:
    payload = field(4, name) + entry()
    frame = make_frame(payload)
    assert TemplateReader(labelled=False).read_matching(memoryview(frame * 3), 2) is not None
    numbers = frame.index(struct.pack("<2f", 3, 4))
    for at in range(len(frame)):
        changed = bytearray(frame * 3)
        changed[2 * len(frame) + at] ^= 1
        run = TemplateReader(labelled=False).read_matching(memoryview(changed), 2)
        assert run is not None
        assert len(run[0][0]) == (3 if numbers <= at < numbers + 8 else 2)
