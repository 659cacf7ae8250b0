"""Rows are told as they were written, from the features that they became."""

from dataclasses import replace

import numpy as np
import pytest

from open_algorithms.k_means.describing.values import clean, column_features, column_names, read_values, round_values
from tests.k_means.tables import encode_table, make_model, make_table_model

MODEL = make_table_model()
X = encode_table().astype(np.float64)


def test_a_table_is_read_back_from_its_features() -> None:
    columns = [0, 1, 2, 3, 4, 5]
    assert [*map(len, column_features(MODEL, columns))] == [2, 1, 4, 2, 3, 1]
    assert read_values(MODEL, X, columns, X.std(axis=0)) == [
        [31.5, 1600000123.25, "Oslo", True, "2024-02-29", "08:30"],
        [62.0, 1600000001.0, "Rome", False, "1999-12-31", "23:59"],
        [None, 1599999000.0, "(other)", True, "2023-01-02", "00:00"],
        [40.0, 1600000000.0, None, None, "2024-06-30", "12:00"],
    ]
    assert list(column_names(MODEL)) == ["age", "since", "town", "paid", "day", "hour"]


def test_some_columns_are_read_in_the_order_that_is_asked_for() -> None:
    columns = [2, 0]
    features = [i for part in column_features(MODEL, columns) for i in part]
    assert read_values(MODEL, X[:1, features], columns, X.std(axis=0)[features]) == [["Oslo", 31.5]]


def test_a_level_that_is_not_known_and_has_no_feature_is_none() -> None:
    assert read_values(MODEL, np.zeros((1, 4)), [2], np.ones(4)) == [[None]]


def test_numbers_are_told_without_the_noise_of_float32() -> None:
    model = make_model(2, features=2)
    rows = np.array([[45.1, -2.4e-8], [5076.0, 0.25]], np.float32).astype(np.float64)
    assert read_values(model, rows, [0, 1], rows.std(axis=0)) == [[45.1, 0.0], [5076.0, 0.25]]
    assert str(read_values(model, -rows * 1e-8, [1], np.ones(1))[0][0]) == "0.0"
    assert column_names(model) == ["f0", "f1"]


def test_numbers_that_are_large_beside_their_spread_keep_the_digits_that_vary() -> None:
    exact = replace(make_model(2, features=1), centers=np.full((2, 1), 1.6e9))
    values = np.array([[1.6e9 + 0.125], [1.6e9 + 3]])
    assert read_values(exact, values, [0], values.std(axis=0)) == [[1600000000.125], [1600000003.0]]


@pytest.mark.parametrize("exact", [False, True])
def test_a_feature_that_does_not_vary_keeps_its_value(exact: bool) -> None:
    assert round_values(np.array([[7.25], [0.0]]), np.zeros(1), exact=exact)[:, 0].tolist() == pytest.approx([7.25, 0])


def test_what_arithmetic_leaves_behind_is_dropped() -> None:
    assert clean(0.1 + 0.2) == 0.3
