"""Rows of plain numbers are parsed at once, in threads that are ahead of who takes them; all others are left."""

import os
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from container.codecs.delimited import training
from container.codecs.delimited.form import CsvSchema
from container.codecs.delimited.header import RepeatedHeader
from container.codecs.delimited.training import parse_concurrently, parse_plain_rows
from container.rows.blocks import Doubles, ignore_warning

NO_HEADER = RepeatedHeader(None, ignore_warning)
ROWS = CsvSchema(None, 1, "row")
BY_NAME = CsvSchema(4, 1, "row", ("y", "a", "b", "c"), used_columns=(3, 0))


def rows_of(text: bytes, schema: CsvSchema = ROWS) -> list[list[float]] | None:
    batches = parse_plain_rows(text, schema)
    return None if batches is None else np.concatenate(batches).tolist()


def test_plain_rows_are_read_at_once() -> None:
    assert rows_of(b"1,2.5,-3e2\n4,5,6\n") == [[1, 2.5, -300], [4, 5, 6]]
    assert rows_of(b"1,2\r\n3,0.1\r\n") == [[1, 2], [3, 0.1]]


def test_columns_that_are_not_used_may_hold_anything_and_the_others_are_taken_in_the_order_of_the_file() -> None:
    found = rows_of(b"1,x,3,4\n5,,7,8\n", BY_NAME)
    assert found == [[4, 1], [8, 5]]


def test_the_first_column_may_be_empty_if_it_is_not_used() -> None:
    assert rows_of(b",2,x,4\n,6,,8\n", replace(BY_NAME, used_columns=(3, 1))) == [[4, 2], [8, 6]]


def test_there_are_no_more_threads_than_processors_and_eight_at_most() -> None:
    assert 1 <= training.THREADS <= min(8, len(os.sched_getaffinity(0)))


@pytest.mark.parametrize(
    "text",
    [
        b"1,2,3\n4,5,6\n",  # too few fields
        b"1,2,3,4,5\n",
        b'1,"2",3,4\n',
        b"1,2\r,3,4\n",
        b"x,2,3,4\n",
        b"1,2,3,4\n\n",
    ],
)
def test_rows_by_name_that_are_not_plain_need_a_closer_look(text: bytes) -> None:
    assert rows_of(text, BY_NAME) is None


@pytest.mark.parametrize("text", [b"1,x\n", b'"1",2\n', b"1,2\n3\n", b"\xef\xbb\xbf1,2\n", b"1,\n"])
def test_rows_that_are_not_plain_need_a_closer_look(text: bytes) -> None:
    assert rows_of(text) is None


def test_ten_thousand_columns_are_read_at_once_and_more_are_left() -> None:
    assert rows_of(b",".join([b"1"] * 10_000) + b"\n") == [[1] * 10_000]
    assert rows_of(b",".join([b"1"] * 10_001) + b"\n") is None


@pytest.mark.parametrize("shift", [None, np.array([0.0, 2**24, 0.5])])
def test_what_is_to_be_subtracted_is_before_numbers_are_rounded(shift: Doubles | None) -> None:
    text, row = b"1,16777217,2\n", np.array([1, 16777217, 2.0])
    ((_, table),) = parse_concurrently([text], ROWS, shift, NO_HEADER)
    assert table is not None
    assert table.dtype == np.float32
    assert table.tolist() == [(row if shift is None else row - shift).astype(np.float32).tolist()]


def test_rows_of_another_width_than_what_is_to_be_subtracted_need_a_closer_look() -> None:
    ((text, table),) = parse_concurrently([b"1,2\n"], ROWS, np.zeros(3), NO_HEADER)
    assert (text, table) == (b"1,2\n", None)


def test_texts_come_in_their_order_while_all_threads_have_one_and_few_more_are_read() -> None:
    taken: list[bytes] = []

    def texts() -> Iterator[bytes]:
        for number in range(100):
            taken.append(b"%d,1\n" % number)
            yield taken[-1]

    found = parse_concurrently(texts(), ROWS, None, NO_HEADER)
    for number in range(100):
        text, table = next(found)
        assert text == b"%d,1\n" % number
        assert table is not None
        assert table.tolist() == [[number, 1]]
        assert min(number + training.THREADS, 100) <= len(taken) <= number + training.THREADS + 2
