"""Plain records are read at once, and all others are left to a closer look."""

import numpy as np
import pytest

from container.codecs.delimited.form import CsvSchema
from container.codecs.delimited.requests import parse_plain_records

WIDTHS = [1, 2, 63, 64, 200]  # wide ones are read in another way


def lines(table: list[list[float]]) -> bytes:
    return "".join(",".join(map(repr, row)) + "\n" for row in table).encode()


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("columns", WIDTHS)
def test_plain_records_are_read_at_once(columns: int, rows: int) -> None:
    table = np.random.default_rng(0).standard_normal((rows, columns))
    for dtype in (np.float32, np.float64):
        found = parse_plain_records(lines(table.tolist()), CsvSchema(columns, 0, "record"), dtype)
        assert found is not None
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, table.astype(dtype))


@pytest.mark.parametrize("columns", [4, 100])
def test_of_plain_records_the_used_columns_are_taken_in_their_order(columns: int) -> None:
    table = np.arange(2.0 * columns).reshape(2, columns)
    schema = CsvSchema(columns, 0, "record", used_columns=(3, 0))
    found = parse_plain_records(lines(table.tolist()), schema, np.float32)
    assert found is not None
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, table[:, [3, 0]])


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("field", [b"x", b"", b"[5]", b"5]", b'"5"', b"null", b"1 2", b"0x5", b"+5", b"{}"])
def test_a_field_that_is_no_plain_number_needs_a_closer_look(field: bytes, columns: int) -> None:
    for place in {0, columns - 1}:
        fields = [b"1"] * columns
        fields[place] = field
        text = b",".join(fields) + b"\n"
        assert parse_plain_records(text, CsvSchema(columns, 0, "record"), np.float32) is None


@pytest.mark.parametrize("columns", [2, 64])
@pytest.mark.parametrize("lengths", [(0, 0, 1), (0, 0, -1), (0, -1, 1), (1, 1, 1), (-1, -1, -1)])
def test_lines_of_another_length_need_a_closer_look(columns: int, lengths: tuple[int, ...]) -> None:
    text = b"".join(b",".join([b"1"] * (columns + more)) + b"\n" for more in lengths)
    assert parse_plain_records(text, CsvSchema(columns, 0, "record"), np.float32) is None


def test_lines_that_end_in_a_return_alone_need_a_closer_look() -> None:
    assert parse_plain_records(b"1\r,2\n", CsvSchema(2, 0, "record"), np.float32) is None
    assert parse_plain_records(b"1,2\r\n", CsvSchema(2, 0, "record"), np.float32) is not None
    assert parse_plain_records(b"1,2\n", CsvSchema(None, 0, "record"), np.float32) is None
