"""What a field and a line of CSV are, told without reading them as numbers."""

import numpy as np
import pytest

from container.codecs.delimited.form import CsvSchema, has_lone_returns, is_number

LARGEST = float(np.finfo(np.float32).max)
HALF_A_STEP = 2.0**103  # of float32 there


def test_a_number_that_rounds_to_the_largest_float32_is_one_and_half_a_step_more_is_not() -> None:
    assert is_number(repr(LARGEST + HALF_A_STEP * (1 - 2**-10)))
    assert not is_number(repr(LARGEST + HALF_A_STEP))
    assert is_number(repr(-LARGEST))
    assert not is_number(repr(-LARGEST - HALF_A_STEP))


@pytest.mark.parametrize(
    ("text", "alone"),
    [(b"1\n2\n", False), (b"1\r\n2\r\n", False), (b"1\r2\n", True), (b"1\r\n2\r", True), (b"1\r\r\n", True)],
)
def test_a_return_without_a_line_feed_is_seen(text: bytes, alone: bool) -> None:
    assert has_lone_returns(text) == alone


def test_the_fields_that_are_read_are_all_or_those_that_are_used() -> None:
    assert CsvSchema(7, 1, "row").used_count == 7
    assert CsvSchema(None, 1, "row").used_count is None
    assert CsvSchema(7, 1, "row", used_columns=(3, 0)).used_count == 2
