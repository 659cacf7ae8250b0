"""recordIO: what is written reads back equal, fast or slow, and what is broken is named with record and byte."""

import struct
import tracemalloc
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from container.codecs import recordio
from container.codecs.recordio import encode_records
from container.codecs.records.framing import MAGIC, make_frame
from container.codecs.records.record_pb2 import Record
from container.contract.errors import DecodeError
from open_algorithms.learning.rows.csr import Csr
from tests.chance import draw_examples
from tests.container.bodies import decode_body
from tests.container.codecs.records.made import record

numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
tables = hnp.arrays(np.float32, st.tuples(st.integers(1, 20), st.integers(2, 6)), elements=numbers)
TENSORS = ["float32_tensor", "float64_tensor", "int32_tensor"]
MAGIC_NUMBER = struct.unpack("<f", MAGIC)[0]


def blocks_of(data: bytes, features: int | None = None) -> list[Any]:
    return list(recordio.decode_blocks(BytesIO(data), {}, features))


def requested(body: bytes, features: int) -> Any:
    return decode_body("application/x-recordio-protobuf", body, {}, features)


def read(data: bytes, features: int | None = None) -> tuple[Any, Any]:
    blocks = blocks_of(data, features)
    return np.concatenate([written_out(X) for X, _ in blocks]), np.concatenate([y for _, y in blocks])


def written_out(X: Any) -> Any:
    if not isinstance(X, Csr):
        return X
    dense = np.zeros(X.shape, np.float32)  # type: ignore[arg-type]
    dense[np.repeat(np.arange(len(dense)), np.diff(X.indptr)), X.indices] = X.data
    return dense


def rows(data: bytes) -> list[Any]:
    """Each row with its kind, so that the cut into blocks does not matter."""
    read = []
    for X, y in blocks_of(data):
        for row, label in enumerate(y):
            part = slice(*X.indptr[row : row + 2]) if isinstance(X, Csr) else row
            values = X.data[part] if isinstance(X, Csr) else X[row]
            columns = X.indices[part].tolist() if isinstance(X, Csr) else None
            read.append((label.tobytes(), values.tobytes(), columns, X.shape[1]))
    return read


def framed(*records: Record) -> bytes:
    return b"".join(make_frame(one.SerializeToString()) for one in records)


def in_parts(payload: bytes, whole: int) -> bytes:
    """Frame a record split at its magic numbers, except for the first `whole` of them."""
    pieces = payload.split(MAGIC)
    parts = [MAGIC.join(pieces[: whole + 1]), *pieces[whole + 1 :]]
    flags = [0] if len(parts) == 1 else [1, *[2] * (len(parts) - 2), 3]
    return b"".join(
        MAGIC + struct.pack("<I", flag << 29 | len(part)) + part + bytes(-len(part) % 4)
        for flag, part in zip(flags, parts, strict=True)
    )


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, list[Any]]:
    """Records of one width, most of them of one form, and the rows that they stand for."""
    width = draw(st.sampled_from([1, 4, 200, 20_000, 2**31 - 1]))
    form = st.tuples(st.sampled_from(TENSORS), st.booleans() if width <= 200 else st.just(True))
    common = draw(form)
    data, expected = b"", []
    for _ in range(draw(st.integers(1, 8))):
        kind, sparse = draw(st.sampled_from([common, common, common, draw(form)]))
        keys = draw(st.lists(st.integers(0, width - 1), max_size=4, unique=True))
        number = st.integers(-(2**31), 2**31 - 1) if kind == "int32_tensor" else numbers | st.just(MAGIC_NUMBER)
        some = draw(st.lists(number, min_size=len(keys), max_size=len(keys)))
        values = some if sparse else np.resize(some or [0], width).tolist()
        label = draw(numbers)
        made = record(values, [label], kind, **({"keys": keys, "shape": [width]} if sparse else {}))
        data += in_parts(made.SerializeToString(), draw(st.integers(0, 3)))
        order = np.argsort(keys) if sparse else slice(None)
        row = np.array(values, np.float32)[order].tobytes()
        expected.append((np.float32(label).tobytes(), row, sorted(keys) if sparse else None, width))
    return data, expected


def outcome(data: bytes, window: int, at_once: bool) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recordio, "WINDOW_BYTES", window)
        patch.setattr(recordio, "LENT_WINDOW_BYTES", window)
        if not at_once:
            patch.setattr(recordio, "_read_uniform_records", lambda *_: None)
        try:
            return rows(data)
        except DecodeError as error:
            return error.problem, error.location


@pytest.mark.parametrize("sparse", [False, True])
def test_records_as_the_sdk_writes_them_are_read_at_once(monkeypatch: pytest.MonkeyPatch, sparse: bool) -> None:
    monkeypatch.setattr(recordio, "read_each_record", lambda *_: None)
    X = np.array([[0, 1.5, 2], [0, 0, 0], [3, 0, 0]], np.float32)
    csr = Csr(X[X != 0], np.array([1, 2, 0], np.int32), np.array([0, 2, 2, 3]), (3, 3))
    y = np.array([1, 0, 2], np.float32)
    found, labels = read(recordio.encode_sparse_records(csr, y) if sparse else encode_records(X, y))
    assert found.tolist() == X.tolist()
    assert labels.tolist() == y.tolist()


windows = st.sampled_from([16, 100, 1000, 1 << 20])


@draw_examples(60)
@given(files(), windows)
def test_whatever_is_written_reads_back_equal_at_once_and_one_by_one(
    file: tuple[bytes, list[Any]], window: int
) -> None:
    data, expected = file
    assert outcome(data, window, at_once=True) == expected
    assert outcome(data, window, at_once=False) == expected


@draw_examples(50)
@given(tables, st.integers(0, 20))
def test_a_record_laid_out_in_another_way_is_read_between_the_others(table: Any, odd: int) -> None:
    data = encode_records(table[:, 1:], table[:, 0])
    at = odd % len(table) * (len(data) // len(table))
    other = record([7.0] * (table.shape[1] - 1))
    other.uid = "a record laid out in another way"
    X, y = read(data[:at] + framed(other) + data[at:])
    row = odd % len(table)
    assert np.array_equal(X, np.insert(table[:, 1:], row, 7, axis=0))
    assert np.array_equal(y, np.insert(table[:, 0], row, 1))


@draw_examples(120)
@given(st.data(), files(), windows)
def test_a_damaged_file_is_refused_or_read_and_both_ways_alike(
    data: st.DataObject, file: tuple[bytes, list[Any]], window: int
) -> None:
    whole, _ = file
    first = data.draw(st.integers(0, len(whole)))
    last = data.draw(st.integers(first, min(first + 4, len(whole))) | st.just(len(whole)))
    damaged = whole[:first] + data.draw(st.binary(max_size=4)) + whole[last:]
    assert outcome(damaged, window, at_once=True) == outcome(damaged, window, at_once=False)


def test_what_is_only_announced_takes_no_memory() -> None:
    wide = framed(record([1, 2], keys=[0, 2**31 - 2], shape=[2**31 - 1]))
    tracemalloc.start()
    try:
        ((X, _),) = blocks_of(wide)
        requested(wide, 2**31 - 1)
        with pytest.raises(DecodeError, match="a length of 536870911 bytes, but only 2 follow"):
            read(MAGIC + struct.pack("<I", 2**29 - 1) + b"xx")
        assert tracemalloc.get_traced_memory()[1] < 10 * recordio.WINDOW_BYTES
    finally:
        tracemalloc.stop()
    assert X.shape == (1, 2**31 - 1)


def test_blocks_are_bounded_and_records_may_be_larger_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = np.arange(3000, dtype=np.float32).reshape(-1, 10), np.arange(300, dtype=np.float32)
    data = encode_records(X, y)
    for size in (16, 50, 1000):
        monkeypatch.setattr(recordio, "WINDOW_BYTES", size)
        blocks = blocks_of(data)
        assert np.array_equal(np.concatenate([X for X, _ in blocks]), X)
        assert np.array_equal(np.concatenate([y for _, y in blocks]), y)
        assert all(X.nbytes <= max(1000, 5 * 40) and X.flags.c_contiguous for X, _ in blocks)


def test_the_bytes_are_those_of_the_contract() -> None:
    data = encode_records(np.array([[1, 2]], np.float32), np.array([1], np.float32))
    magic, length = struct.unpack_from("<II", data)
    assert (magic, length, len(data) % 4) == (0xCED7230A, len(data) - 8, 0)
    assert data[8 : 8 + length] == record().SerializeToString(deterministic=True)


@pytest.mark.parametrize("kind", TENSORS[1:])
def test_other_tensors_become_float32(kind: str) -> None:
    X, y = read(framed(record(kind=kind), record([3, 4], kind=kind)))
    assert X.tolist() == [[1, 2], [3, 4]]
    assert X.dtype == np.float32
    assert y.tolist() == [1, 1]


def test_records_with_keys_stay_sparse_and_a_block_ends_where_the_kind_changes() -> None:
    sparse, zeros, dense = record([5, 6], keys=[3, 1], shape=[4]), record([], shape=[4]), record([1, 2, 3, 4])
    data = framed(dense, sparse, zeros, sparse, dense)
    (first, _), (X, y), (last, _) = blocks_of(data)
    assert first.tolist() == last.tolist() == [[1, 2, 3, 4]]
    assert (X.indptr.tolist(), X.indices.tolist(), X.data.tolist()) == ([0, 2, 2, 4], [1, 3, 1, 3], [6, 5, 6, 5])
    assert (X.shape, y.tolist()) == ((3, 4), [1, 1, 1])
    assert [array.dtype for array in X[:3]] == [np.float32, np.int32, np.int64]


def test_a_sparse_record_without_a_shape_is_as_wide_as_those_before_it() -> None:
    data = framed(record([1], keys=[1], shape=[3]), record([2], keys=[2]))
    assert read(data)[0].tolist() == [[0, 1, 0], [0, 0, 2]]
    assert read(framed(record([2], keys=[2])), 3)[0].tolist() == [[0, 0, 2]]


def test_split_records_are_joined() -> None:
    payload = record([struct.unpack("<f", MAGIC)[0], 2]).SerializeToString()
    first, _ = payload.split(MAGIC)
    data = in_parts(payload, 0)
    assert np.array_equal(read(data)[0], read(make_frame(payload))[0])
    with pytest.raises(DecodeError, match="record 1, byte 0: split flag 3 is out of order"):
        read(data.replace(struct.pack("<I", 1 << 29 | len(first)), struct.pack("<I", 3 << 29 | len(first))))


GOOD = framed(record())
GOOD_SPARSE = framed(record(keys=[1, 3], shape=[4]))


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
        (framed(record(keys=[0, 1], shape=[2**31])), "expected 1 to 2147483647 features, found a shape of 2147483648"),
        (framed(record(keys=[0, 1], shape=[2, 2])), r"must give its number of features as its shape, found \[2, 2\]"),
        (
            GOOD_SPARSE + framed(record(keys=[0, 1], shape=[5])),
            "record 2, byte .*: expected 4 features, found a shape of 5",
        ),
        (GOOD_SPARSE + GOOD, f"record 2, byte {len(GOOD_SPARSE)}: expected 4 features, found 2"),
        (
            GOOD_SPARSE * 2 + framed(record(keys=[0, 4], shape=[4])),
            f"record 3, byte {2 * len(GOOD_SPARSE)}: .*, found 4",
        ),
        (GOOD_SPARSE + framed(record([1, np.inf], keys=[3, 2], shape=[4])), "record 2, feature 3: .*, found inf"),
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
    with pytest.raises(DecodeError, match=r"expected one label called \"values\", found 2 \('other', 'values'\)"):
        read(framed(several))
    other = record(label=None)
    other.label["other"].float32_tensor.values.append(1)
    with pytest.raises(DecodeError, match="expected one label called \"values\", found 'other'"):
        read(framed(other))
    image = Record()
    image.features["values"].bytes.value.append(b"jpeg")
    with pytest.raises(DecodeError, match="expected a tensor of float32, float64 or int32, found bytes"):
        read(framed(image))


def test_a_request_may_be_framed_or_one_bare_record_with_or_without_label() -> None:
    bare = record(label=None).SerializeToString()
    assert requested(bare, 2).tolist() == [[1, 2]]
    assert requested(framed(record(), record([3, 4], label=None)), 2).tolist() == [[1, 2], [3, 4]]
    with pytest.raises(DecodeError, match="but the data looks like text/csv"):
        requested(b"1,2\n", 2)
    with pytest.raises(DecodeError, match="record 1, byte 0: expected 3 features, found 2"):
        requested(bare, 3)


def test_a_request_with_a_sparse_record_is_never_written_out() -> None:
    sparse, dense = record([5, 6], keys=[3, 1], shape=[4], label=None), record([1, 0, 3, 4])
    X = requested(framed(dense, sparse, record([], shape=[4])), 4)
    assert written_out(X).tolist() == [[1, 0, 3, 4], [0, 6, 0, 5], [0, 0, 0, 0]]
    wide = requested(record([7], keys=[9]).SerializeToString(), 2**31 - 1)
    assert (wide.shape, wide.indices.tolist()) == ((1, 2**31 - 1), [9])
    with pytest.raises(DecodeError, match="record 1, byte 0: expected 5 features, found a shape of 4"):
        requested(framed(sparse), 5)


def test_answers_are_labels_of_float32() -> None:
    score = np.array([[0.25, 0.75], [0.5, 0.5]], np.float32)
    data = recordio.encode_answer({"score": score, "predicted_label": np.array([1, 0])})
    size = len(data) // 2
    (length,) = struct.unpack_from("<I", data, size + 4)
    answer = Record.FromString(data[size + 8 : size + 8 + length])
    assert list(answer.label["score"].float32_tensor.values) == [0.5, 0.5]
    assert list(answer.label["predicted_label"].float32_tensor.values) == [0]
    assert not answer.features


def test_a_bare_record_that_is_not_finite_is_refused() -> None:
    for _ in range(2):
        assert requested(encode_records(np.ones((1, 2), np.float32))[8:], 2).tolist() == [[1, 1]]
        with pytest.raises(DecodeError, match="record 1, feature 2: expected a finite number, found nan"):
            requested(encode_records(np.array([[1, np.nan]], np.float32))[8:], 2)


def test_records_of_a_request_need_no_label_of_whatever_kind_they_are() -> None:
    whole, odd = record([3, 4], label=None, kind="int32_tensor"), record([1, 2], label=None, kind="float64_tensor")
    assert requested(framed(odd, whole, record(label=None)), 2).tolist() == [[1, 2], [3, 4], [1, 2]]
    sparse = record([5], label=None, kind="float64_tensor", keys=[1], shape=[2])
    assert written_out(requested(framed(sparse, odd), 2)).tolist() == [[0, 5], [1, 2]]


def test_a_record_that_is_too_large_for_a_request_is_refused_by_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordio, "_MAX_RECORD_BYTES", 1 << 20)
    monkeypatch.setattr(recordio, "_REQUEST_BYTES", 1 << 16)
    body = encode_records(np.ones((1, 3 << 18), np.float32))
    for large in (body, body[8:]):
        with pytest.raises(DecodeError, match=r"^a record of more than 1 MB$"):
            requested(large, 3 << 18)
    assert requested(encode_records(np.ones((9, 1 << 15), np.float32)), 1 << 15).shape == (9, 1 << 15)


def test_a_request_is_read_as_it_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.arange(60, dtype=np.float32).reshape(20, 3)
    body = encode_records(X)
    for size in (1, 7, len(body) // 20, len(body) // 3):
        monkeypatch.setattr(recordio, "_REQUEST_BYTES", size)
        pieces: list[Any] = list(recordio.decode_records(BytesIO(body), {}, 3))
        np.testing.assert_array_equal(np.concatenate(pieces), X)
        with pytest.raises(DecodeError, match=f"record 20, byte {len(body) // 20 * 19}: a length of"):
            list(recordio.decode_records(BytesIO(body[:-4]), {}, 3))


def test_blocks_of_wide_records_stay_as_they_are_while_more_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordio, "WINDOW_BYTES", 10_000)
    monkeypatch.setattr(recordio, "LENT_WINDOW_BYTES", 20_000)
    X = np.random.default_rng(0).standard_normal((300, 200), np.float32)
    blocks = blocks_of(encode_records(X, X[:, 0]))
    assert [len(X) for X, _ in blocks[:3]] == [11, 23, 23]
    assert not any(X.flags.c_contiguous for X, _ in blocks[:3])
    assert np.array_equal(np.concatenate([X for X, _ in blocks]), X)
    assert np.array_equal(np.concatenate([y for _, y in blocks]), X[:, 0])
    X[:] = np.finfo(np.float32).max
    assert np.array_equal(read(encode_records(X, X[:, 0]))[0], X)
    for wrong in (np.nan, np.inf, -np.inf):
        X[123, 45] = wrong
        with pytest.raises(DecodeError, match=f"record 124, feature 46: expected a finite number, found {wrong}"):
            read(encode_records(X, X[:, 0]))
