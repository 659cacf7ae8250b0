"""Records in JSON are rows, or named with what is wrong with them."""

from typing import Any

import numpy as np
import pytest

from container.codecs.text.instances import read_instances
from container.contract.errors import DecodeError
from open_algorithms.learning.rows.csr import Csr


def sparse(keys: Any, values: Any, shape: Any = (4,)) -> dict[str, Any]:
    return {"data": {"features": {"keys": keys, "values": values, "shape": [*shape]}}}


def refuse(*instances: Any, features: int = 2, first: int = 1) -> str:
    with pytest.raises(DecodeError) as refused:
        read_instances([*instances], features, first)
    return str(refused.value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_of_any_kind_are_read_to_the_digits_that_are_asked_for(dtype: Any) -> None:
    X = read_instances([{"features": [0.1, True]}, {"data": {"features": {"values": [2**70, -3]}}}], 2, dtype=dtype)
    assert not isinstance(X, Csr)
    assert X.dtype == dtype
    assert X.tolist() == [[float(dtype(0.1)), 1], [2.0**70, -3]]


def test_pairs_come_sorted_by_key_each_with_its_value() -> None:
    X = read_instances([sparse([2, 0, 1], [7, 8, 9]), {"features": [1, 2, 3, 4]}, sparse([], []), sparse([3], [5])], 4)
    assert isinstance(X, Csr)
    assert (X.data.tolist(), X.indices.tolist()) == ([8, 9, 7, 1, 2, 3, 4, 5], [0, 1, 2, 0, 1, 2, 3, 3])
    assert (X.indptr.tolist(), X.shape) == ([0, 3, 7, 7, 8], (4, 4))
    assert [part.dtype.name for part in X[:3]] == ["float32", "int32", "int64"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "null"), ("x", '"x"'), ({"a": 1}, '{"a": 1}'), (1e39, "1e+39"), (10**400, "1" + "0" * 79)],
)
def test_a_value_that_is_no_finite_number_is_named_by_record_and_feature(value: Any, shown: str) -> None:
    good = {"features": [1, 2]}
    start = f"expected a finite number within the range of a 32-bit float, found {shown}"
    assert refuse(good, {"features": [value, 2]}).startswith(f"record 2, feature 1: {start}")
    assert refuse(good, good, {"features": [1, value]}, first=10).startswith(f"record 12, feature 2: {start}")
    assert refuse({"features": [value, value]}, good).startswith(f"record 1, feature 1: {start}")


def test_the_feature_of_a_sparse_record_is_that_of_its_key() -> None:
    found = refuse({"features": [1, 2, 3, 4]}, sparse([], []), sparse([3, 1], [None, 5]), features=4)
    assert found.startswith("record 3, feature 4: expected a finite number")


@pytest.mark.parametrize(
    ("instance", "problem"),
    [
        (sparse([0], [1], [2]), "expected a shape of [4] with keys, found [2]"),
        (sparse([0], [1], [4, 1]), "expected a shape of [4] with keys, found [4, 1]"),
        ({"data": {"features": {"keys": [0], "values": [1]}}}, "expected a shape of [4] with keys, found null"),
        (sparse(0, [1]), "expected keys and values as two lists of one length"),
        (sparse([0], 1), "expected keys and values as two lists of one length"),
        (sparse([0, 1], [1]), "expected keys and values as two lists of one length"),
        (sparse([4], [1]), "expected different whole keys from 0 to 3, found 4"),
        (sparse([-1], [1]), "expected different whole keys from 0 to 3, found -1"),
        (sparse([1.0], [1]), "expected different whole keys from 0 to 3, found 1.0"),
        (sparse([1, 2, 1], [1, 2, 3]), "expected different whole keys from 0 to 3, found 1"),
        ({"features": [1, 2, 3]}, "expected 4 features, found 3"),
        ({"features": [1] * 5}, "expected 4 features, found 5. Does it still hold the label? Send features only"),
        ({"features": [1] * 6}, "expected 4 features, found 6"),
        ({"features": None, "data": {"features": {"values": [1]}}}, "expected 4 features, found 1"),
    ],
)
def test_a_record_that_is_not_right_is_told_why(instance: Any, problem: str) -> None:
    assert refuse(instance, features=4, first=7) == f"record 7: {problem}"


def test_records_are_counted_from_1_unless_said_otherwise() -> None:
    with pytest.raises(DecodeError, match=r"^record 2: expected 2 features, found 1$"):
        read_instances([{"features": [1, 2]}, {"features": [1]}], 2)


@pytest.mark.parametrize("key", [0, 3])
def test_the_first_and_the_last_key_are_keys(key: int) -> None:
    X = read_instances([sparse([key], [5])], 4)
    assert isinstance(X, Csr)
    assert X.indices.tolist() == [key]
