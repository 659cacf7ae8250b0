"""Answers have the digits that Python writes, however many they are, or those that the original cuts off."""

from decimal import Decimal

import numpy as np
import pytest

from container.codecs.text import digits
from container.codecs.text.digits import write_column_rows, write_numbers, write_truncated

EDGES = [0.0, -0.0, 1.0, 0.001, 1e15, 1e16, 0.1, 123456.789, 1e22, 1e-7, 3.4e38, 1e-45, 0.5]
EDGES += [float(np.nextafter(np.float32(edge), np.float32(side))) for edge in (0.001, 1e15) for side in (0, np.inf)]


@pytest.mark.parametrize("count", [1, 7, 8, 9, 40])
def test_numbers_are_written_as_python_writes_them_be_they_few_or_many(count: int) -> None:
    values = np.resize(np.array([*EDGES, *(-edge for edge in EDGES)], np.float32), count * 5)
    for part in np.split(values, 5):
        assert write_numbers(part) == [repr(float(value)) for value in part]
    whole = np.arange(count)
    assert write_numbers(whole) == [str(i) for i in range(count)]


def test_many_floats_are_written_at_once_and_few_or_whole_numbers_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = np.array([0.0, -0.0, 0.5, 0.001, 123.25, 9e14, -2.0, 1e10], np.float32)
    expected = [repr(float(value)) for value in plain]
    with monkeypatch.context() as patch:
        patch.setattr(digits, "repr", None, raising=False)
        assert write_numbers(plain) == expected
    with monkeypatch.context() as patch:
        patch.setattr(digits, "orjson", None)
        assert write_numbers(plain[:7]) == expected[:7]
        assert write_numbers(np.arange(100)) == [str(i) for i in range(100)]


@pytest.mark.parametrize("value", [0.0, 1.0, 0.1, 2.5, 1e-15, 9.99e-16, -0.3, 123.456, 1e20])
def test_truncated_numbers_have_at_most_15_decimals_and_no_exponent(value: float) -> None:
    single = float(np.float32(value))
    (text,) = write_truncated(np.array([single], np.float32))
    exact = format(Decimal(single), "f")
    whole, _, part = exact.partition(".")
    assert text == f"{whole}.{part[:15].rstrip('0') or '0'}"
    assert write_truncated(np.array([3, -4])) == ["3", "-4"]


def test_a_row_of_several_numbers_is_written_between_brackets_and_one_number_as_it_is() -> None:
    table = np.array([[1, 2, 3], [4, 5, 6]])
    assert write_column_rows(table, "[", ", ", "]") == ["[1, 2, 3]", "[4, 5, 6]"]
    assert write_column_rows(table[:, :1], "[", ", ", "]") == ["[1]", "[4]"]
    assert write_column_rows(table[:, 0], "[", ", ", "]") == ["1", "4"]
    assert write_column_rows(np.array([[0.1]], np.float32), "", ",", "", write_truncated) == ["0.100000001490116"]
