"""A column is what all of its values are; a value that fits no kind with the others is a fault that names it."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.columns.kinds import LEAST_LEVEL_ROWS
from open_algorithms.learning.columns.notation import Notation
from open_algorithms.learning.columns.recipe import (
    BooleanColumn,
    CategoryColumn,
    Column,
    DateColumn,
    LeftOutColumn,
    NumberColumn,
)
from tests.chance import draw_examples
from tests.learning.columns.arrays import coded_array, find_kind, number_array, text_array

DAYS = [f"{day:02d}/{day:02d}/2018" for day in range(1, 13)]
MANY = [str(number / 4) for number in range(100)]
CODES = [f"{number:05d}" for number in range(0, 90_000, 7001)]


def about(number: float) -> Any:
    """Return what equals a number but for its last digits."""
    return pytest.approx(number, abs=1e-9)


def find_fault(*parts: object, wished: str | None = None) -> ColumnFault:
    """Return the fault of a column of these parts."""
    with pytest.raises(ColumnFault) as caught:
        find_kind(*parts, wished=wished)
    assert caught.value.column == "c"
    return caught.value


@pytest.mark.parametrize(
    ("texts", "mean", "notation"),
    [
        (["1", "2", "2", "3.0"], 2.0, Notation()),
        (["$1,151", "$49"], 600.0, Notation(".", ",", "$")),
        (["0", "1", "1", "0"], 0.5, Notation()),
        (["1990", "2010"], 2000.0, Notation()),
        (["-", "1", "?", "3"], 2.0, Notation()),
        (["1.500", "1.234,5", "2.000"], 4734.5 / 3, Notation(",", ".")),
    ],
)
def test_a_column_of_numbers_is_one_however_they_are_written(texts: list[str], mean: float, notation: Notation) -> None:
    assert find_kind(text_array(texts)) == NumberColumn(
        "c", about(mean), 0.0, any(text in "-?" for text in texts), notation
    )


def test_numbers_that_were_read_are_those_that_were_written() -> None:
    numbers = [1.0, 2.5, 2.5, None, -4.0]
    written = [None if number is None else repr(number) for number in numbers]
    found = find_kind(number_array(numbers))
    assert found == NumberColumn("c", 0.5, 0.0, True)
    assert found == find_kind(text_array(written)) == find_kind(number_array(numbers[:2]), text_array(written[2:]))


@draw_examples(60)
@given(st.lists(st.none() | st.integers(0, 3) | st.integers(0, 10**6) | st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_any_numbers_that_were_read_are_those_that_were_written(numbers: list[float | None]) -> None:
    read = find_kind(number_array(numbers))
    written = find_kind(text_array([None if number is None else repr(number) for number in numbers]))
    assert type(read) is type(written)
    if isinstance(read, NumberColumn) and isinstance(written, NumberColumn):
        assert written == replace(read, mean=about(read.mean), offset=written.offset)


def test_amounts_of_which_a_part_was_read_as_numbers_are_numbers() -> None:
    assert find_kind(number_array([999.0, 1.0]), text_array(["$1,151"])) == NumberColumn(
        "c", about(2151 / 3), notation=Notation(".", ",", "$")
    )


@pytest.mark.parametrize(
    ("numbers", "offset"),
    [([1.5e9, 1.5e9 + 40, 1.5e9 + 90, 1.5e9 + 10], True), ([1.0, 5.0, 9.0, 2.0], False), ([1e9, 2e9, 3e9, 1e8], False)],
)
def test_numbers_that_are_large_beside_their_spread_are_counted_from_their_middle(
    numbers: list[float], offset: bool
) -> None:
    for column in (find_kind(number_array(numbers)), find_kind(text_array([repr(number) for number in numbers]))):
        assert isinstance(column, NumberColumn)
        assert (min(numbers) <= column.offset <= max(numbers)) if offset else column.offset == 0


@pytest.mark.parametrize(
    ("texts", "mean"),
    [
        (["Yes", "no", "NO", "YES"], 0.5),
        (["true", "False", "False", "false"], 0.25),
        (["T", "F", "True", "t"], 0.75),
        (["y", "N", "", "y", "No"], 0.5),
    ],
)
def test_words_for_true_and_false_are_truth_values(texts: list[str], mean: float) -> None:
    assert find_kind(text_array(texts)) == BooleanColumn("c", mean, "" in texts)


@pytest.mark.parametrize("texts", [["Y", ""], ["yes", "true"], ["M", "F"], ["0", "true"], ["yes", "no", "maybe"]])
def test_other_words_are_categories(texts: list[str]) -> None:
    column = find_kind(text_array(texts * LEAST_LEVEL_ROWS))
    assert isinstance(column, CategoryColumn)
    assert sorted(column.levels) == sorted(filter(None, texts))


def test_dates_become_days_and_those_parts_of_them_that_differ() -> None:
    column = find_kind(text_array(["2018-03-15 10:00", "2018-03-16 10:30", "2018-03-16 23:00", ""]))
    assert column == DateColumn(
        "c", "2018-03-15", about(17605 + 2 / 3 + (10 + 10.5 + 23) / 72), (), (3, 4), (10, 23), True
    )
    months = find_kind(text_array(["Mar-2018", "Apr-2018"]))
    assert months == DateColumn("c", "Mar-2018", 17606.5, (3, 4))
    assert find_kind(text_array(["12:30", "18:00"])) == DateColumn("c", "12:30", about(15.25 / 24), hours=(12, 18))


def test_dates_that_could_be_meant_in_two_ways_say_so() -> None:
    column = find_kind(text_array(DAYS))
    assert isinstance(column, DateColumn)
    assert (column.form, column.other_form) == ("month/day/2018", "day/month/2018")
    sure = find_kind(text_array([*DAYS, "25/12/2018"]))
    assert isinstance(sure, DateColumn)
    assert (sure.form, sure.other_form) == ("day/month/2018", "")


def test_texts_that_repeat_are_categories_by_their_frequency_and_rare_ones_are_others() -> None:
    texts = ["red"] * 9 + ["blue"] * 12 + ["green"] * (LEAST_LEVEL_ROWS - 1) + [None]
    assert find_kind(coded_array(texts)) == CategoryColumn("c", ("blue", "red"), True, True)


def test_a_category_is_the_same_however_its_number_is_written() -> None:
    texts = ["3", "3.0", "4", "3+"] * LEAST_LEVEL_ROWS
    assert find_kind(text_array(texts)) == CategoryColumn("c", ("3", "3+", "4"))


def test_levels_are_told_apart_by_case_and_by_blanks_within_them_but_not_around_them() -> None:
    column = find_kind(text_array(["Red", "red", " red", "light  red", "light red"] * LEAST_LEVEL_ROWS))
    assert isinstance(column, CategoryColumn)
    assert sorted(column.levels) == ["Red", "light  red", "light red", "red"]


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["red"] * 9, "it is the same in every row"),
        (["1", "1.0", "1"], "it is the same in every row"),
        (["", " ", None, "NA"], "it is empty"),
        ([f"text {number}" for number in range(30)], "text that hardly repeats: 30 different in 30 rows"),
        ([str(number) for number in range(30)], "each row has a whole number of its own, as an index or an id is"),
        (CODES, f"text that hardly repeats: {len(CODES)} different in {len(CODES)} rows"),
    ],
)
def test_what_nothing_can_be_learned_from_is_left_out_with_the_reason(texts: list[str | None], reason: str) -> None:
    assert find_kind(text_array(texts)) == LeftOutColumn("c", reason)


def test_an_index_that_was_read_as_numbers_is_left_out_too() -> None:
    assert isinstance(find_kind(number_array(list(range(30)))), LeftOutColumn)
    assert isinstance(find_kind(number_array([3.0] * 30)), LeftOutColumn)
    assert isinstance(find_kind(number_array([*range(30), None])), NumberColumn)


@pytest.mark.parametrize("text", ["abc", "unknown", "007", "98103-7720", "#REF!", "\N{EN DASH}12"])
def test_a_text_among_many_numbers_is_a_fault_that_names_it(text: str) -> None:
    for parts in ([text_array([*MANY, text])], [number_array([float(one) for one in MANY]), text_array([text])]):
        fault = find_fault(*parts)
        assert (fault.problem, fault.text) == ("nearly all of its values are numbers", text)
        assert "c=category" in fault.sentence


def test_a_text_among_amounts_or_dates_is_a_fault_that_names_it() -> None:
    amounts = [f"${number:,}" for number in range(1000, 9000, 100)]
    assert find_fault(text_array([*amounts, "call us"])).text == "call us"
    dates = [f"2018-{month:02d}-{day:02d}" for month in range(1, 6) for day in range(1, 20)]
    fault = find_fault(text_array([*dates, "0000-00-00"]))
    assert (fault.problem, fault.text) == ("nearly all of its values are dates", "0000-00-00")


def test_a_few_texts_of_many_rows_among_numbers_are_a_fault_but_many_are_not() -> None:
    fault = find_fault(text_array([*MANY, *["refused"] * 40]))
    assert (fault.problem, fault.text) == ("many of its values are numbers", "refused")
    tickets = [*MANY, *(f"PC {number}" for number in range(40))]
    assert isinstance(find_kind(text_array(tickets)), LeftOutColumn)


@pytest.mark.parametrize("text", ["x", "02134", "true", "5%", "1,5", "2018-03-15"])
def test_a_column_of_which_a_part_was_read_as_numbers_is_never_of_another_kind(text: str) -> None:
    fault = find_fault(number_array([0.0, 1.0, 1.0, 0.0]), text_array([text] * 20))
    assert fault.text == text
    assert fault.problem.endswith(" of its values are numbers")


def test_few_numbers_with_a_text_among_them_are_categories() -> None:
    assert find_kind(text_array(["1", "2", "3+"] * 9)) == CategoryColumn("c", ("1", "2", "3+"))


def test_codes_are_no_numbers_with_or_without_a_0_at_their_head() -> None:
    zips = ["02134", "10001", "94110"] * 9
    assert find_kind(text_array(zips)) == CategoryColumn("c", ("02134", "10001", "94110"))
    many = [f"{code:05d}" for code in range(9_000, 99_999, 1_337)] * LEAST_LEVEL_ROWS
    assert isinstance(find_kind(text_array(many)), CategoryColumn)
    assert find_kind(text_array(["007", "12", "8"] * 9)) == CategoryColumn("c", ("007", "12", "8"))
    accounts = [str(2**60 + number) for number in range(3)]
    column = find_kind(text_array(accounts * 9))
    assert column == CategoryColumn("c", tuple(accounts))


@pytest.mark.parametrize("text", ["inf", "-Infinity", "1e39", "1e400"])
def test_a_number_beyond_a_float_is_a_fault_that_names_it(text: str) -> None:
    assert find_fault(text_array(["1", "2", text])).text == text
    beyond = float(text)
    fault = find_fault(number_array([1.0, 2.0, beyond]))
    assert fault.text is not None
    assert float(fault.text) == beyond


WISHED: list[tuple[list[str], str, Column]] = [
    (["007", "008", "015"], "number", NumberColumn("c", 10.0)),
    (["1", "0", "1.0", "0"], "boolean", BooleanColumn("c", 0.5)),
    (["Y", "Y"], "boolean", BooleanColumn("c", 1.0)),
    (["1", "2", "1"], "category", CategoryColumn("c", ("1", "2"))),
    (["a", "b", "c"], "category", CategoryColumn("c", (), True)),
    (["2018-03-15"], "date", DateColumn("c", "2018-03-15", 17605.0)),
    ([str(number) for number in range(30)], "number", NumberColumn("c", 14.5)),
    (["a", "b", "c"], "ignore", LeftOutColumn("c", "ignored, as asked")),
    (["", ""], "number", LeftOutColumn("c", "it is empty")),
]


@pytest.mark.parametrize(("texts", "wished", "column"), WISHED)
def test_a_kind_that_is_asked_for_is_taken(texts: list[str], wished: str, column: Column) -> None:
    assert find_kind(text_array(texts), wished=wished) == column


def test_numbers_that_are_asked_to_be_categories_or_truths_are() -> None:
    numbers = number_array([1.0, 0.0, 1.0, 1.0])
    assert find_kind(numbers, wished="category") == CategoryColumn("c", ("1", "0"))
    assert find_kind(numbers, wished="boolean") == BooleanColumn("c", 0.75)


@pytest.mark.parametrize(
    ("texts", "wished", "odd"),
    [
        (["1", "2", "x"], "number", "x"),
        (["yes", "no", "maybe"], "boolean", "maybe"),
        (["yes", "true"], "boolean", "true"),
        (["2018-03-15", "2018-03-16", "soon"], "date", "soon"),
        (["2018", "2019"], "date", "2018"),
    ],
)
def test_a_kind_that_is_asked_for_in_vain_is_a_fault_that_names_a_text(texts: list[str], wished: str, odd: str) -> None:
    fault = find_fault(text_array(texts), wished=wished)
    assert (fault.text, fault.problem) == (odd, f"its values are no {wished}s, which was asked for")


def test_very_many_different_texts_are_decided_in_a_moment() -> None:
    texts = np.char.add("text ", np.arange(200_000).astype(np.str_)).tolist()
    start = time.process_time()
    assert isinstance(find_kind(text_array(texts)), LeftOutColumn)
    assert time.process_time() - start < 5
