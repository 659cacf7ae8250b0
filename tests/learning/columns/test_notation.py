"""Numbers are read as people write them, all of a column in one way, or not at all."""

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_algorithms.learning.columns.notation import (
    FEW_TEXTS,
    MINUS,
    PLAIN,
    Notation,
    are_codes,
    find_notation,
    fits_notation,
    parse_numbers,
    trim_texts,
)
from tests.chance import draw_examples
from tests.learning.columns.arrays import text_array

SIGNS = [(".", ""), (".", ","), (",", "."), (",", ""), (".", "'"), (",", "'"), (".", " "), (",", " "), (".", "_")]


def read_all(texts: list[str]) -> list[float | None]:
    """Read texts in the notation that is found for them."""
    notation = find_notation(text_array(texts))
    assert notation is not None
    found: list[float | None] = parse_numbers(text_array(texts), notation).to_pylist()
    return found


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1", "2.5", ".5", "3.", "+4", "1e3", "-2E-3"], [1, 2.5, 0.5, 3, 4, 1000, -0.002]),
        (["$1,151", "$1,151.50", "7"], [1151, 1151.5, 7]),
        (["5", "7", "$9"], [5, 7, 9]),
        (["($1,234.50)", "$12.00", "-$3", "$-4"], [-1234.5, 12, -3, -4]),
        (["12%", "3.5 %", "0"], [12, 3.5, 0]),
        (["1.234,5", "1.500", "3,25"], [1234.5, 1500, 3.25]),
        (["1,5", "2,25"], [1.5, 2.25]),
        (["1,234", "2,345"], [1234, 2345]),
        (["0,123", "0,5"], [0.123, 0.5]),
        (["0,123", "0,456"], [0.123, 0.456]),
        (["1,23,456", "12,34,567"], [123456, 1234567]),
        (["1\u00a0234,5 €", "12 345,25 €"], [1234.5, 12345.25]),
        (["36 months", "60 months"], [36, 60]),
        (["1'234.5", "1\u2019000"], [1234.5, 1000]),
        (["1_000", "25"], [1000, 25]),
        ([f"{MINUS}12", "3.5"], [-12, 3.5]),
        (["(3)", "4"], [-3, 4]),
        (["R$ 1.234,50", "R$ 2,00"], [1234.5, 2]),
        (["5 kg", "7.5 kg"], [5, 7.5]),
        (["5e", "1e5e"], [5, 100000]),
        (["inf", "-Infinity", "1"], [math.inf, -math.inf, 1]),
    ],
)
def test_a_column_of_one_shape_is_read_as_numbers(texts: list[str], numbers: list[float]) -> None:
    assert read_all(texts) == numbers


@pytest.mark.parametrize(
    "texts",
    [
        ["1", "2", "3+"],
        ["12%", "3.5"],
        ["5 kg", "500 g"],
        ["1.2.3", "1.2.4"],
        ["10-20", "20-30"],
        ["1,2,3"],
        ["--3", "4"],
        ["(-5)", "4"],
        ["(5", "4)"],
        ["1st", "2nd"],
        ["\uff11\uff12", "\uff13"],
        ["\u0661\u0662", "5"],
        ["0x10", "0x11"],
        ["red", "green"],
        ["555-1234", "555-1235"],
        ["1,5", "1.5"],
        [""],
        [],
    ],
)
def test_what_is_no_number_in_one_way_is_none(texts: list[str]) -> None:
    assert find_notation(text_array(texts)) is None


def write_amount(number: float, notation: Notation) -> str:
    """Write a number in a notation."""
    grouped = f"{abs(number):,.2f}".replace(",", "g").replace(".", notation.decimal).replace("g", notation.group)
    return f"{'-' if number < 0 else ''}{grouped}{notation.unit}"


AMOUNTS = st.lists(st.integers(-(10**9), 10**9).map(lambda cents: cents / 100), min_size=1, max_size=20)


@draw_examples(40)
@given(AMOUNTS, st.sampled_from(list(product(SIGNS, ["", "%", " km", "€", " Std."]))))
def test_amounts_in_any_notation_are_read_back(amounts: list[float], how: tuple[tuple[str, str], str]) -> None:
    (decimal, group), unit = how
    assert read_all([write_amount(amount, Notation(decimal, group, unit)) for amount in amounts]) == amounts


LETTERS = st.text(st.sampled_from(f"0123456789.,'_ -+()%$€eEkg{MINUS}\u00a0\u0661"), max_size=8)


@draw_examples(40)
@given(st.lists(LETTERS | st.from_regex(r"\A-?[0-9]{1,3}[.,][0-9]{1,3}%?\Z"), min_size=1, max_size=6))
def test_whatever_is_taken_for_numbers_is_read_to_the_last(texts: list[str]) -> None:
    array = trim_texts(text_array(texts))
    notation = find_notation(array)
    assert notation is None or parse_numbers(array, notation).null_count == 0


@draw_examples(40)
@given(st.floats(allow_nan=False))
def test_a_float_that_python_writes_is_read_exactly(number: float) -> None:
    assert parse_numbers(text_array([repr(number)]), PLAIN).to_pylist() == [number]


@draw_examples(40)
@given(st.from_regex(r"\A[+-]?([0-9]{1,6}\.?[0-9]{0,6}|\.[0-9]{1,6})([eE][+-]?[0-9]{1,2})?\Z"))
def test_plain_numbers_are_read_as_python_reads_them(text: str) -> None:
    assert parse_numbers(text_array([text]), PLAIN).to_pylist() == [float(text)]


def test_what_says_that_it_is_no_number_is_none() -> None:
    assert parse_numbers(text_array(["nan", "1"]), PLAIN).to_pylist() == [None, 1]
    assert parse_numbers(text_array(["-NaN", "x"]), PLAIN).to_pylist() == [None, None]


def test_a_point_is_no_decimal_sign_where_a_comma_is() -> None:
    assert parse_numbers(text_array(["1,5", "1.5", "1.500"]), Notation(",")).to_pylist() == [1.5, None, None]


def test_most_of_the_texts_decide_where_all_need_not() -> None:
    texts = text_array(["$1,200", "$3,400", "$5", "call us"])
    notation = find_notation(texts, 0.5)
    assert notation == Notation(".", ",", "$")
    assert fits_notation(texts, notation).to_pylist() == [True, True, True, False]
    assert find_notation(texts, 0.8) is None


def test_a_share_without_its_unit_is_only_zero() -> None:
    assert fits_notation(text_array(["5%", "0", "5"]), Notation(unit="%")).to_pylist() == [True, True, False]
    assert fits_notation(text_array(["$5", "5"]), Notation(unit="$")).to_pylist() == [True, True]


@pytest.mark.parametrize(
    ("texts", "codes"),
    [
        (["02134", "94110"], True),
        (["94110", "10001"], False),
        (["0", "1", "2"], False),
        (["2134", "02134"], False),
        (["1152921504606846976", "1152921504606846977"], True),
        (["1.500", "0.500"], False),
    ],
)
def test_digits_of_one_length_that_begin_with_0_or_are_too_many_are_codes(texts: list[str], codes: bool) -> None:
    assert are_codes(text_array(texts)) is codes


def test_what_cannot_be_seen_is_trimmed() -> None:
    assert trim_texts(text_array(["\ufeff red\u200b", "\u00a012\t", " "])).to_pylist() == ["red", "12", ""]


@pytest.mark.parametrize(
    ("notation", "words"),
    [
        (Notation(".", ",", "$"), "in $, with ',' between digits"),
        (Notation(","), "with a decimal comma"),
        (Notation(",", ".", "€"), "in €, with '.' between digits, with a decimal comma"),
    ],
)
def test_a_notation_says_how_numbers_are_written(notation: Notation, words: str) -> None:
    assert str(notation) == words


PARTS = (
    *(["", "("], ["", "-", "+", MINUS], ["", "$", "$ "], ["", "-"]),
    *(["12", "1,234.5", "1.234,5", ".5", "0", "1 234", "1'000", "7_000"], ["", "e3", "%", " %"], ["", ")"]),
)
WRITTEN = st.tuples(*map(st.sampled_from, PARTS)).map("".join)


@given(
    st.lists(st.none() | WRITTEN | st.sampled_from(["inf", "-Infinity", "nan", "", f"{MINUS}12"])),
    st.sampled_from([PLAIN, *(Notation(*signs, "$") for signs in SIGNS), Notation(unit="%")]),
)
def test_few_texts_are_read_as_many_are(texts: list[str | None], notation: Notation) -> None:
    many = parse_numbers(text_array([*texts, "1", "$1,000"] * FEW_TEXTS), notation)
    assert parse_numbers(text_array(texts), notation) == many[: len(texts)]
