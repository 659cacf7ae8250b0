"""Lists of numbers become arrays, and whatever is not just numbers is left to a closer look."""

import numpy as np
import pytest

from container.codecs.text.numbers import SIMDJSON_ERRORS, cast_floats, parse_lazily, read_number_list, stack_plain_rows


def test_nested_lists_of_numbers_are_read_flat() -> None:
    assert read_number_list(parse_lazily(b"[[1, 2.5], [-3e2], []]")).tolist() == [1, 2.5, -300]


@pytest.mark.parametrize("text", [b'[1, "2"]', b"[null]", b"[true]", b"1", b"{}", b"[1", b"[1" + b"0" * 400 + b"]"])
def test_what_is_not_just_numbers_is_refused(text: bytes) -> None:
    with pytest.raises(SIMDJSON_ERRORS):
        read_number_list(parse_lazily(text))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_of_one_length_are_stacked(dtype: type[np.floating]) -> None:  # type: ignore[type-arg]
    rows = [np.array([0.1, 2]), np.array([3, 4.0])]
    for count in (1, 2):
        table = stack_plain_rows(rows[:count], 2, dtype)
        assert table is not None
        assert table.dtype == dtype
        assert table.tolist() == [row.astype(dtype).tolist() for row in rows[:count]]


def test_rows_of_another_length_or_beyond_float32_are_not() -> None:
    assert stack_plain_rows([np.ones(2), np.ones(3)], 2) is None
    assert stack_plain_rows([np.ones(1), np.ones(3)], 2) is None
    assert stack_plain_rows([np.array([1, 1e39])], 2) is None
    assert stack_plain_rows([np.array([1, 1e39])], 2, np.float64) is not None
    assert cast_floats(np.array([1e39])).tolist() == [np.inf]
    assert cast_floats(np.array([0.1])).dtype == np.float32
