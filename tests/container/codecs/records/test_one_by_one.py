"""A record alone: its row, or what is wrong with it, and where."""

from typing import Any

import numpy as np
import pytest

from container.codecs.records.framing import make_frame
from container.codecs.records.one_by_one import check_finite, read_each_record
from container.codecs.records.one_record import read_record, stack_records
from container.codecs.records.record_pb2 import Record
from container.contract.errors import DecodeError
from open_algorithms.learning.rows.csr import Csr, compress_matrix
from tests.container.codecs.records.made import record


def refuse(made: Record | bytes, features: int | None = None, labelled: bool = True) -> str:
    payload = made if isinstance(made, bytes) else made.SerializeToString()
    with pytest.raises(DecodeError) as refused:
        read_record(payload, features, labelled)
    return str(refused.value)


def read_all(data: bytes, labelled: bool, *, ended: bool = True) -> list[Any]:
    """The blocks, each with its size, as far as they can be read; a fault as its text."""
    found: list[Any] = []
    at, number = 0, 1
    while at < len(data):
        try:
            run = read_each_record(memoryview(data)[at:], at, ended, number, None, labelled)
        except DecodeError as error:
            return [*found, str(error)]
        if run is None:
            return [*found, None]
        (X, y), size = run
        found.append((X, y.tolist(), size))
        number += len(y)
        at += size
    return found


def framed(*records: Record) -> bytes:
    return b"".join(make_frame(one.SerializeToString()) for one in records)


@pytest.mark.parametrize("kind", ["float32_tensor", "float64_tensor", "int32_tensor"])
def test_numbers_of_every_kind_become_float32(kind: str) -> None:
    row = read_record(record([1, 2**24 + 1 if kind != "float32_tensor" else 5], [7], kind).SerializeToString(), 2, True)
    assert row.values.dtype == np.float32
    assert row.values.tolist() == [1, 2**24 if kind != "float32_tensor" else 5]
    assert row.keys is None
    assert (row.width, float(row.label)) == (2, 7)


def test_a_float64_beyond_float32_becomes_infinite_without_a_warning() -> None:
    row = read_record(record([1e300, float("nan")], kind="float64_tensor").SerializeToString(), None, True)
    assert str(row.values.tolist()) == "[inf, nan]"


@pytest.mark.parametrize(
    ("made", "features", "problem"),
    [
        (b"\xff\xff", None, "not a protobuf Record (2 bytes): the file is corrupt"),
        (Record(), None, 'expected features called "values", found none'),
        (record([1, 2, 3]), 2, "expected 2 features, found 3"),
        (record([]), None, "expected one or more features, found 0"),
        (record([]), 3, "expected 3 features, found 0"),
        (record([1], shape=[2, 1]), None, "a shape of [2, 1], but 1 values"),
        (record([1], keys=[0], shape=[0]), None, "expected 1 to 2147483647 features, found a shape of 0"),
        (record([1], keys=[0]), None, "a sparse record must give its number of features as its shape, found none"),
        (record([1], keys=[5], shape=[5]), None, "expected different keys from 0 to 4, found 5"),
        (record([1, 2], keys=[4, 4], shape=[5]), None, "expected different keys from 0 to 4, found 4 twice"),
        (record([1, 2, 3], keys=[1, 4, 4], shape=[5]), None, "expected different keys from 0 to 4, found 4 twice"),
        (record([1, 2], keys=[4], shape=[5]), None, "1 keys, but 2 values"),
        (record([1], keys=[0], shape=[5]), 4, "expected 4 features, found a shape of 5"),
        (record([1], [1, 2]), None, "expected one label, found 2"),
        (record([1], []), None, "expected one label, found 0"),
        (record([1], None), None, 'expected one label called "values", found none'),
    ],
)
def test_what_is_wrong_with_a_record_is_told(made: Record | bytes, features: int | None, problem: str) -> None:
    assert refuse(made, features) == problem


def test_other_names_are_listed_and_long_ones_cut() -> None:
    made = record([1])
    made.features["more"].float32_tensor.values.append(1)
    assert refuse(made) == (
        "expected features called \"values\" alone, found 2 ('more', 'values'). Put all features of a record into one "
        "tensor"
    )
    long = Record()
    long.features["x" * 200].float32_tensor.values.append(1)
    assert refuse(long) == f'expected features called "values", found \'{"x" * 79}'
    keyed = record([1])
    keyed.label["values"].float32_tensor.keys.append(0)
    assert refuse(keyed) == "expected one label, found 1 with keys"


def test_labels_that_are_not_asked_for_are_not_looked_at() -> None:
    assert read_record(record([1], [1, 2]).SerializeToString(), None, False).label == 0


def test_a_shape_of_a_dense_record_may_have_several_sides_and_that_of_a_sparse_one_a_single_row() -> None:
    assert read_record(record([1, 2], shape=[1, 2]).SerializeToString(), 2, True).width == 2
    sparse = read_record(record([5, 6], keys=[3, 1], shape=[1, 4]).SerializeToString(), None, True)
    assert sparse.keys is not None
    assert (sparse.keys.tolist(), sparse.values.tolist(), sparse.width) == ([1, 3], [6, 5], 4)
    assert read_record(record([5], keys=[3], shape=[1, 4]).SerializeToString(), 4, True).width == 4
    without = read_record(record([5], keys=[1]).SerializeToString(), 7, True)
    assert without.width == 7
    empty = read_record(record([], shape=[4]).SerializeToString(), None, True)
    assert empty.keys is not None
    assert (len(empty.keys), empty.width) == (0, 4)


def test_dense_rows_among_sparse_ones_have_all_their_columns() -> None:
    rows = [
        read_record(made.SerializeToString(), 3, False)
        for made in (record([1, 2, 3]), record([9], keys=[2], shape=[3]), record([4, 5, 6]))
    ]
    X = stack_records(rows)
    assert isinstance(X, Csr)
    assert (X.data.tolist(), X.indices.tolist()) == ([1, 2, 3, 9, 4, 5, 6], [0, 1, 2, 2, 0, 1, 2])
    assert (X.indptr.tolist(), X.shape) == ([0, 3, 4, 7], (3, 3))
    dense = stack_records(rows[::2])
    assert not isinstance(dense, Csr)
    assert dense.tolist() == [[1, 2, 3], [4, 5, 6]]


def test_labelled_records_are_cut_where_dense_ones_become_sparse_and_those_of_a_request_are_not() -> None:
    data = framed(record([1, 2]), record([3, 4]), record([5], keys=[1], shape=[2]), record([6, 7]))
    assert [y for _, y, _ in read_all(data, labelled=True)] == [[1, 1], [1], [1]]
    assert [y for _, y, _ in read_all(data, labelled=False)] == [[0, 0, 0, 0]]


def test_a_request_is_scored_after_four_thousand_records() -> None:
    data = framed(record([1, 2])) * 5000
    assert [len(y) for _, y, _ in read_all(data, labelled=False)] == [4096, 904]


def test_a_sparse_record_may_have_a_single_feature() -> None:
    row = read_record(record([5], keys=[0], shape=[1]).SerializeToString(), None, True)
    assert (row.values.tolist(), row.width) == ([5], 1)


def test_those_of_a_request_come_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("container.codecs.records.one_by_one._PIECE_ROWS", 3)
    data = framed(*(record([i, i]) for i in range(7)))
    assert [len(y) for _, y, _ in read_all(data, labelled=False)] == [3, 3, 1]
    assert [len(y) for _, y, _ in read_all(data, labelled=True)] == [7]


def test_a_fault_is_told_after_the_records_before_it_with_its_number_and_byte() -> None:
    good = framed(record([1, 2]))
    data = memoryview(good * 2 + framed(record([1])) + good)
    found = read_each_record(data, 100, True, 5, 2, True)
    assert found is not None
    assert (len(found[0][1]), found[1]) == (2, 2 * len(good))
    with pytest.raises(DecodeError, match=r"^record 7, byte 999: expected 2 features, found 1$"):
        read_each_record(data[found[1] :], 999, True, 7, 2, True)


def test_the_end_of_the_data_is_waited_for_unless_it_is_the_end() -> None:
    good = framed(record([1, 2]))
    assert read_all(good + good[:-4], labelled=True, ended=False)[-1] is None
    assert "a length of" in read_all(good + good[:-4], labelled=True)[-1]
    assert (
        f"record 2, byte {len(good)}: the data ends inside a record header, 5 of 8 bytes"
        in (read_all(good + good[:5], labelled=True)[-1])
    )


@pytest.mark.parametrize("sparse", [False, True])
def test_the_first_value_that_is_not_finite_is_named(sparse: bool) -> None:
    X = np.array([[1, 0, 2], [3, np.inf, np.nan], [np.nan, 0, 0]], np.float32)
    rows = compress_matrix(X) if sparse else X
    y = np.zeros(3, np.float32)
    with pytest.raises(
        DecodeError, match=r"^record 12, feature 2: expected a finite number, found inf. Remove missing a"
    ):
        check_finite(rows, y, 11)
    y[1] = np.nan
    with pytest.raises(DecodeError, match=r"^record 12, label: expected a finite number, found nan"):
        check_finite(rows, y, 11)
    y[:2] = np.inf, 0
    with pytest.raises(DecodeError, match=r"^record 11, label: expected a finite number, found inf"):
        check_finite(rows, y, 11)
    check_finite(X[:1], np.zeros(1, np.float32), 1)
