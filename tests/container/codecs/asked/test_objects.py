"""JSON of a table: objects, lists, what lies under features, and values of each kind."""

import json
from typing import Any

import numpy as np
import pytest

from container.codecs.asked.objects import encode_asked_records, find_values, split_pieces
from container.codecs.asked.values import make_array
from container.contract.errors import DecodeError
from container.rows.asked import AskedTable
from tests.container.asking import Table


def read(*records: Any, table: Table | None = None) -> list[tuple[Any, ...]]:
    return (table or Table()).read(lambda asked: encode_asked_records(split_pieces(iter(records), asked), asked))


@pytest.mark.parametrize(
    "record",
    [
        {"a": 1, "c": "x"},
        {"c": "x", "b": [[]], "a": 1.0, "unknown": {}},
        [1, None, "x"],
        {"features": [1, 2, "x"]},
        {"features": {"a": 1, "c": "x"}, "id": 7},
        {"data": {"features": {"values": [1, 2, "x"]}}},
        {"data": {"features": {"a": 1, "c": "x"}}, "b": 3},
        {"features": "not read", "a": 1, "c": "x"},
        {"features": [3, 3, 3], "a": 1, "c": "x"},
    ],
)
def test_a_row_may_come_in_many_forms(record: Any) -> None:
    assert read(record) == [(1, "x")]


def test_a_column_may_be_called_as_the_forms_are() -> None:
    table = Table(["features", "data"], ["features", "data"])
    assert read({"features": "x", "data": 1}, {"data": 2, "features": None}, table=table) == [("x", 1), (None, 2)]
    assert find_values({"features": {"features": 1}}, ["features", "data"]) == {"features": 1}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2.5, None], [1.0, 2.5, np.nan]),
        ([None, None], [np.nan, np.nan]),
        ([2**53, 3], [2.0**53, 3.0]),
        ([-(2**53) - 1, 2.0**53], ["-9007199254740993", "9007199254740992"]),
        ([10**16 + 1, 3], ["10000000000000001", "3"]),
        ([10**400], [str(10**400)]),
        (
            ["x", None, 3, 0.5, 2.0, True, False, -(10**16)],
            ["x", None, "3", "0.5", "2", "true", "false", "-1" + "0" * 16],
        ),
        (["\ud800x"], ["\\ud800x"]),
    ],
)
def test_values_are_numbers_where_all_are_and_texts_otherwise(values: list[Any], expected: list[Any]) -> None:
    array = make_array(values, "a", 1)
    assert str(array.type) == ("double" if isinstance(expected[0], float) else "string")
    np.testing.assert_equal(array.to_pylist(), expected)


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([{"a": 1, "c": 2}, {"a": [1], "c": 2}], r"record 2, column 'a': expected a number, a text, .*, found \[1\]"),
        ([{"a": {}, "c": 2}], "record 1, column 'a': .*, found {}"),
        ([{"a": 1}, {"a": 2, "x": 1}], "expected the columns .*: 'c' is missing, 'x' is not known. A value .* is null"),
        ([{"a": 1, "c": 1}, {"b": 1}], "record 2: expected the columns of the model, 'a', 'c', found {\"b\": 1}"),
        ([{}], "record 1: expected the columns of the model, 'a', 'c', found {}"),
        ([[1, 2]], "record 1: expected 3 values, 'a', 'b', 'c', in this order, found 2"),
        ([[1, 2, 3, 4]], r"found 4. Is the target 'y' among them\? Leave it out$"),
        ([[1, 2, 3], 5], "record 2: expected an object of columns, or a list of 3 values, found 5"),
        ([None], "record 1: .*, found null"),
        ([{"a": 1, "c": "bad"}], "record 1, column 'c': expected what is good, found 'bad'. Mend it"),
    ],
)
def test_a_fault_is_named_by_record_and_column(records: list[Any], message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        read(*records)


def test_a_key_may_be_absent_where_another_record_has_it() -> None:
    np.testing.assert_equal(read({"a": "1"}, {"b": "x", "c": 2}), [("1", np.nan), (None, 2.0)])


def test_unknown_names_are_told_of_once_in_a_request() -> None:
    table = Table()
    read({"a": 1, "c": 2, "x": 3}, {"a": 1, "c": 2, "z": 3, "y": 1}, table=table)
    assert table.warnings == ["Requests name columns that the model does not know; they are left out: 'x', 'z'"]


def test_sparse_records_are_features_already_in_their_place_among_others() -> None:
    def sparse(value: float) -> Any:
        return {"data": {"features": {"keys": [0], "shape": [1], "values": [value]}}}

    table = Table()
    asked = AskedTable(table, 1, table.encode, table.warnings.append)
    parts = list(encode_asked_records([[[1, 2, 3], sparse(4), sparse(5), [1, 2, 3]]], asked))
    assert [part.shape[0] for part in parts] == [1, 2, 1]
    with pytest.raises(DecodeError, match="record 2: expected 3 values"):
        list(encode_asked_records([[sparse(1), [1]]], asked))
    with pytest.raises(DecodeError, match=r"record 1: expected a shape of \[1\] with keys"):
        list(encode_asked_records([[json.loads(json.dumps(sparse(1)).replace("[1]", "[2]"))]], asked))
