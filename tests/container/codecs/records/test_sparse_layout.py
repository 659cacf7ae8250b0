"""Sparse records are read at once as far as they are alike, and to what each is alone."""

from typing import Any

import pytest

from container.codecs.records.framing import make_frame
from container.codecs.records.record_pb2 import Record
from container.codecs.records.sparse_layout import read_sparse_records
from open_algorithms.learning.rows.csr import Csr

WIDTH = 70_000  # keys of one, two and three bytes


def record(pairs: dict[int, float], label: float | None = 1.0, width: int = WIDTH) -> Record:
    made = Record()
    tensor = made.features["values"].float32_tensor
    tensor.keys.extend(pairs)
    tensor.values.extend(pairs.values())
    tensor.shape.append(width)
    if label is not None:
        made.label["values"].float32_tensor.values.append(label)
    return made


def framed(*records: Record) -> bytes:
    return b"".join(make_frame(one.SerializeToString(deterministic=True)) for one in records)


def rows_of(X: Any) -> list[dict[int, float]]:
    assert isinstance(X, Csr)
    bounds = zip(X.indptr[:-1], X.indptr[1:], strict=True)
    return [dict(zip(X.indices[i:j].tolist(), X.data[i:j].tolist(), strict=True)) for i, j in bounds]


def read(data: bytes, features: int | None = WIDTH, labelled: bool = True) -> tuple[list[Any], list[float], int] | None:
    found = read_sparse_records(memoryview(data), features, labelled)
    return None if found is None else (rows_of(found[0][0]), found[0][1].tolist(), found[1])


ROWS: list[dict[int, float]] = [{3: 1.5, 200: 2.0, 69_999: -1.0}, {0: 4.0}, {127: 5.0, 128: 6.0, 16_384: 7.0}]


@pytest.mark.parametrize("features", [WIDTH, None])
@pytest.mark.parametrize("labels", [[1.0, 0.0, 2.5], None])
def test_records_alike_are_read_at_once(labels: list[float] | None, features: int | None) -> None:
    data = framed(*(record(row, labels[i] if labels else None) for i, row in enumerate(ROWS)))
    assert read(data, features, labels is not None) == (ROWS, labels or [0, 0, 0], len(data))
    assert read(data, features, labels is None) is None


def test_the_width_is_that_of_the_first_record_or_as_expected() -> None:
    data = framed(record(ROWS[0]), record({0: 1.0}, width=2))
    assert read(data, None) == (ROWS[:1], [1], len(framed(record(ROWS[0]))))
    assert read(data, 2) is None
    assert read(framed(record({}, width=0)), None) is None


def test_pairs_come_sorted_by_key_each_with_its_value() -> None:
    mixed = [{200: 2.0, 3: 1.5, 69_999: -1.0}, {5: 0.5, 4: 0.25}]
    found = read_sparse_records(memoryview(framed(*map(record, mixed))), WIDTH, True)
    assert found is not None
    X = found[0][0]
    assert isinstance(X, Csr)
    assert X.indices.tolist() == [3, 200, 69_999, 4, 5]
    assert X.data.tolist() == [1.5, 2.0, -1.0, 0.25, 0.5]
    assert (X.indptr.tolist(), X.shape) == ([0, 3, 5], (2, WIDTH))


@pytest.mark.parametrize(
    "other",
    [
        framed(record({1: 2.0}, label=None)),
        framed(record({1: 2.0}, width=WIDTH - 1)),
        framed(record({}, label=3.0)),  # without keys it is dense, or has none
        b"\x0a\x23\xd7\xce\xff\xff\xff\x00",
        b"no record",
    ],
)
def test_reading_stops_before_a_record_of_another_kind(other: bytes) -> None:
    data = framed(*map(record, ROWS[:2]))
    found = read(data + other)
    assert found is not None
    rows, _, size = found
    assert rows[:2] == ROWS[:2]
    assert size == len(data) or rows[2:] == [{}]


@pytest.mark.parametrize("cut", [1, 4, 9, 20])
def test_a_record_that_is_cut_off_is_left_for_later(cut: int) -> None:
    data = framed(*map(record, ROWS))
    assert read(data[:-cut]) == (ROWS[:2], [1, 1], len(framed(*map(record, ROWS[:2]))))


def break_record(**parts: list[Any]) -> bytes:
    made = record({1: 2.0, 3: 4.0})
    tensor = made.features["values"].float32_tensor
    for name, content in parts.items():
        tensor.ClearField(name)
        getattr(tensor, name).extend(content)
    return framed(made)


@pytest.mark.parametrize(
    "data",
    [
        break_record(keys=[1]),
        break_record(keys=[1, 2, 3]),
        break_record(keys=[3, 3]),
        break_record(keys=[1, WIDTH]),
        break_record(keys=[1, 2**63]),
        break_record(values=[1.0]),
        break_record(shape=[2, 2]),
        break_record(shape=[2**31]),
        break_record(shape=[]),
        break_record(keys=[], values=[1.0]),
    ],
)
def test_records_that_are_not_right_need_a_closer_look(data: bytes) -> None:
    assert read(data, None) is None


def test_keys_and_values_must_be_as_many_in_each_record_and_not_in_all_together() -> None:
    assert read(break_record(keys=[1]) + break_record(keys=[1, 2, 3])) is None
    assert read(framed(record(ROWS[0])) + break_record(keys=[1]) + break_record(keys=[1, 2, 3])) is None


def test_a_tensor_of_another_name_or_kind_is_no_row() -> None:
    other, wide, labels = record({}), record({}), record(ROWS[1])
    other.features["valuez"].CopyFrom(record(ROWS[1]).features["values"])
    del other.features["values"]
    wide.features["values"].float64_tensor.values.append(1.0)
    labels.label["values"].float32_tensor.values.append(2.0)
    for one in (other, wide, labels):
        assert read(framed(one)) is None
        found = read(framed(record(ROWS[0]), one))
        assert found is not None
        assert found[0] == ROWS[:1]
    keyed = record(ROWS[1])
    keyed.label["values"].float32_tensor.keys.append(0)
    assert read(framed(keyed)) is None
    extra = record(ROWS[1])
    extra.uid = "an id"
    assert read(framed(extra)) is None
