"""recordIO: what is written reads back equal, fast or slow, and what is broken is named with record and byte."""

import struct
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from container.codecs import recordio
from container.codecs.framing import MAGIC, make_frame
from container.codecs.record_pb2 import Record
from container.codecs.recordio import encode_records
from container.errors import DecodeError

numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
tables = hnp.arrays(np.float32, st.tuples(st.integers(1, 20), st.integers(2, 6)), elements=numbers)


def read(data: bytes, features: int | None = None) -> tuple[Any, Any]:
    blocks = list(recordio.decode_blocks(BytesIO(data), {}, features))
    return np.concatenate([X for X, _ in blocks]), np.concatenate([y for _, y in blocks])


def record(values: Any = (1, 2), label: Any = (1,), kind: str = "float32_tensor", **tensor: Any) -> Record:
    made = Record()
    getattr(made.features["values"], kind).values.extend(values)
    for name, content in tensor.items():
        getattr(getattr(made.features["values"], kind), name).extend(content)
    if label is not None:
        made.label["values"].float32_tensor.values.extend(label)
    return made


def framed(*records: Record) -> bytes:
    return b"".join(make_frame(one.SerializeToString()) for one in records)


@settings(max_examples=50, deadline=1000)
@given(tables)
def test_any_matrix_reads_back_equal(table: Any) -> None:
    X, y = read(encode_records(table[:, 1:], table[:, 0]))
    assert np.array_equal(X, table[:, 1:])
    assert np.array_equal(y, table[:, 0])


@settings(max_examples=50, deadline=1000)
@given(tables, st.integers(0, 20))
def test_the_fast_way_equals_the_general_one(table: Any, odd: int) -> None:
    data = encode_records(table[:, 1:], table[:, 0])
    size = len(data) // len(table)
    other = record([7.0] * (table.shape[1] - 1))
    other.uid = "a record laid out in another way"
    mixed = data[: odd * size] + framed(other) + data[odd * size :]
    fast = read(mixed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recordio, "_read_uniform", lambda *_: None)
        general = read(mixed)
    assert fast[0].tobytes() == general[0].tobytes()
    assert fast[1].tobytes() == general[1].tobytes()


@settings(max_examples=100, deadline=1000)
@given(st.data())
def test_a_changed_byte_reads_the_same_both_ways_or_is_refused(data: st.DataObject) -> None:
    whole = bytearray(encode_records(np.arange(12, dtype=np.float32).reshape(4, 3), np.ones(4, np.float32)))
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    results = []
    for general in (False, True):
        with pytest.MonkeyPatch.context() as patch:
            if general:
                patch.setattr(recordio, "_read_uniform", lambda *_: None)
            try:
                X, y = read(bytes(whole))
                results.append((X.tobytes(), y.tobytes()))
            except DecodeError as error:
                results.append((error.place[:1], error.problem))
    assert results[0] == results[1]


def test_blocks_are_bounded_and_records_may_be_larger_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = np.arange(3000, dtype=np.float32).reshape(-1, 10), np.arange(300, dtype=np.float32)
    data = encode_records(X, y)
    for size in (16, 50, 1000):
        monkeypatch.setattr(recordio, "BLOCK_BYTES", size)
        blocks = list(recordio.decode_blocks(BytesIO(data), {}, None))
        assert np.array_equal(np.concatenate([X for X, _ in blocks]), X)
        assert np.array_equal(np.concatenate([y for _, y in blocks]), y)
        assert all(X.nbytes <= max(1000, 5 * 40) and X.flags.c_contiguous for X, _ in blocks)


def test_the_bytes_are_those_of_the_contract() -> None:
    data = encode_records(np.array([[1, 2]], np.float32), np.array([1], np.float32))
    magic, length = struct.unpack_from("<II", data)
    assert (magic, length, len(data) % 4) == (0xCED7230A, len(data) - 8, 0)
    assert data[8 : 8 + length] == record().SerializeToString(deterministic=True)


@pytest.mark.parametrize("kind", ["float64_tensor", "int32_tensor"])
def test_other_tensors_become_float32(kind: str) -> None:
    X, y = read(framed(record(kind=kind), record([3, 4], kind=kind)))
    assert X.tolist() == [[1, 2], [3, 4]]
    assert X.dtype == np.float32
    assert y.tolist() == [1, 1]


def test_sparse_records_become_dense_rows() -> None:
    X, _ = read(framed(record([5, 6], keys=[3, 1], shape=[4]), record([], shape=[4]), record([1, 2, 3, 4])))
    assert X.tolist() == [[0, 6, 0, 5], [0, 0, 0, 0], [1, 2, 3, 4]]


def test_split_records_are_joined() -> None:
    payload = record([struct.unpack("<f", MAGIC)[0], 2]).SerializeToString()
    parts = payload.split(MAGIC)
    assert len(parts) == 2
    flags = (1, 3)
    data = b"".join(
        MAGIC + struct.pack("<I", flag << 29 | len(part)) + part + bytes(-len(part) % 4)
        for flag, part in zip(flags, parts, strict=True)
    )
    assert np.array_equal(read(data)[0], read(make_frame(payload))[0])
    with pytest.raises(DecodeError, match="record 1, byte 0: split flag 3 is out of order"):
        read(data.replace(struct.pack("<I", 1 << 29 | len(parts[0])), struct.pack("<I", 3 << 29 | len(parts[0]))))


GOOD = framed(record())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (GOOD + GOOD[:-1], f"record 2, byte {len(GOOD)}: a length of .* bytes, but only .* follow: the file is cut sh"),
        (GOOD + GOOD[:5], f"record 2, byte {len(GOOD)}: the data ends inside a record header, 5 of 8 bytes long"),
        (GOOD + b"x" * 60, f"record 2, byte {len(GOOD)}: expected the magic number 0a 23 d7 ce, found 78 78 78 78"),
        (MAGIC + struct.pack("<I", 1 << 28) + b"xx", "record 1, byte 0: a length of 268435456 bytes, but only 2 follo"),
        (make_frame(b"\xff\xff"), "record 1, byte 0: not a protobuf Record"),
        (framed(Record()), 'expected features called "values", found none'),
        (framed(record(label=None)), 'expected one label called "values", found none'),
        (framed(record(label=(1, 2))), "expected one label, found 2"),
        (framed(record([])), "expected one or more features, found 0"),
        (GOOD + framed(record([1])), f"record 2, byte {len(GOOD)}: expected 2 features, found 1"),
        (framed(record(shape=[3])), r"a shape of \[3\], but 2 values"),
        (framed(record(keys=[0, 1])), "a sparse record must give its number of features as its shape, found none"),
        (framed(record(keys=[0, 4], shape=[4])), "expected different keys from 0 to 3, found 4"),
        (framed(record(keys=[1, 1], shape=[4])), "expected different keys from 0 to 3, found 1 twice"),
        (framed(record(keys=[1], shape=[4])), "1 keys, but 2 values"),
        (framed(record(keys=[0, 1], shape=[2**40])), "1099511627776 features: this version takes sparse records up to"),
        (GOOD * 3 + framed(record([1, np.nan])), "record 4, feature 2: expected a finite number, found nan"),
        (GOOD + framed(record(label=[np.inf])), "record 2, label: expected a finite number, found inf"),
        (framed(record([1e300], kind="float64_tensor")), "record 1, feature 1: expected a finite number, found inf"),
    ],
)
def test_what_is_broken_is_named_with_record_and_byte(data: bytes, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        read(data)


def test_several_labels_and_other_values_are_refused_by_name() -> None:
    several = record()
    several.label["other"].float32_tensor.values.append(1)
    with pytest.raises(DecodeError, match="expected one label called \"values\", found 'other', 'values'"):
        read(framed(several))
    image = Record()
    image.features["values"].bytes.value.append(b"jpeg")
    with pytest.raises(DecodeError, match="expected a tensor of float32, float64 or int32, found bytes"):
        read(framed(image))


def test_a_request_may_be_framed_or_one_bare_record_with_or_without_label() -> None:
    bare = record(label=None).SerializeToString()
    assert recordio.decode(bare, {}, 2).tolist() == [[1, 2]]
    assert recordio.decode(framed(record(), record([3, 4], label=None)), {}, 2).tolist() == [[1, 2], [3, 4]]
    with pytest.raises(DecodeError, match="but the data looks like text/csv"):
        recordio.decode(b"1,2\n", {}, 2)
    with pytest.raises(DecodeError, match="record 1, byte 0: expected 3 features, found 2"):
        recordio.decode(bare, {}, 3)


def test_answers_are_labels_of_float32() -> None:
    score = np.array([[0.25, 0.75], [0.5, 0.5]], np.float32)
    data = recordio.encode({"score": score, "predicted_label": np.array([1, 0])})
    size = len(data) // 2
    (length,) = struct.unpack_from("<I", data, size + 4)
    answer = Record.FromString(data[size + 8 : size + 8 + length])
    assert list(answer.label["score"].float32_tensor.values) == [0.5, 0.5]
    assert list(answer.label["predicted_label"].float32_tensor.values) == [0]
    assert not answer.features
