"""Columns of numbers become features, whether they were read as numbers or as texts."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from container.codecs.tabular.stacking import stack_columns
from open_algorithms.learning.columns.faults import ColumnFault


def test_columns_are_stacked_in_the_order_of_their_names() -> None:
    texts = pa.array(["007", "+1", " 2.5 ", "1e3"]).dictionary_encode()
    columns = {"a": pa.array([1.0, 2.0, 3.0, 4.0]), "b": texts, "c": pa.array(["1", "2", "3", "4"])}
    for dtype in (np.float32, np.float64):
        X = stack_columns(columns, ["b", "a"], dtype)
        assert X.dtype == dtype
        assert X.tolist() == [[7, 1], [1, 2], [2.5, 3], [1000, 4]]


def test_a_shift_is_subtracted_before_numbers_are_rounded() -> None:
    columns = {"a": pa.array([1.6e9 + 1, 1.6e9 + 2]), "b": pa.array([1.0, 2.0])}
    assert stack_columns(columns, ["a", "b"], np.float32, np.array([1.6e9, 0])).tolist() == [[1, 1], [2, 2]]


@pytest.mark.parametrize(
    ("values", "row", "problem"),
    [
        (pa.array([1.0, None]), 1, "expected a number, found a missing value. Remove rows"),
        (pa.array([1.0, 2.0, float("nan")]), 2, "expected a number that a 32-bit float can hold, found 'nan'"),
        (pa.array([1.0, 1e39]), 1, "expected a number that a 32-bit float can hold, found '1e+39'"),
        (pa.array(["1", "red", "x"]), 1, "expected a number, found 'red'. Write categories as numbers"),
        (pa.array(["1", "NA"]).dictionary_encode(), 1, "expected a number, found 'NA': a missing value"),
        (pa.array(["1", None]).dictionary_encode(), 1, "expected a number, found '': a missing value"),
        (pa.array(["1,5"]), 0, "expected a number, found '1,5': a number with a decimal comma. Write 1.5"),
    ],
)
def test_the_first_value_that_is_no_number_is_named(values: Any, row: int, problem: str) -> None:
    with pytest.raises(ColumnFault) as found:
        stack_columns({"a": values}, ["a"], np.float32)
    assert (found.value.column, found.value.row) == ("a", row)
    assert found.value.sentence.startswith(problem)
