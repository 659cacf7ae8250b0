import pytest

from open_algorithms.learning.showing.words import (
    NO_VALUE,
    count_noun,
    cut_middle,
    format_count,
    format_decimals,
    format_number,
    format_percent,
    format_rounded,
    format_share,
    join_words,
)


def test_numbers_have_a_real_minus_sign_and_few_digits() -> None:
    assert format_number(-1234.5678) == "\N{MINUS SIGN}1234.57"
    assert format_number(-1234.5678, 3) == "\N{MINUS SIGN}1.23e+03"
    assert format_decimals(-0.126, 2) == "\N{MINUS SIGN}0.13"
    assert format_decimals(-0.004, 2) == "0.00"
    assert format_count(1234567) == "1,234,567"


def test_what_is_no_number_is_a_dash() -> None:
    for write in (format_number, format_rounded, format_percent, lambda value: format_decimals(value, 2), format_share):
        assert {write(value) for value in (float("nan"), float("inf"), -float("inf"))} == {NO_VALUE}


def test_a_part_is_never_shown_as_the_whole() -> None:
    assert [format_share(part) for part in (0, 0.2559, 0.99999, 1)] == ["0%", "25.5%", "99.9%", "100%"]


def test_a_long_text_keeps_both_of_its_ends() -> None:
    assert cut_middle("x" * 18, 18) == "x" * 18
    cut = cut_middle("native-country=Poland", 16)
    assert cut == "native-c…=Poland"
    assert len(cut) == 16


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1646928742.77, "1,650,000,000"),
        (-20582.4, "\N{MINUS SIGN}20,600"),
        (999.96, "1,000"),
        (0.71003, "0.710"),
        (12.0, "12.0"),
        (0.0, "0"),
        (0.000012345, "1.23e\N{MINUS SIGN}05"),
        (3e20, "3.00e+20"),
    ],
)
def test_numbers_are_rounded_as_people_do(value: float, text: str) -> None:
    assert format_rounded(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.81192, "81.2%"),
        (0.99999, ">99.9%"),
        (0.00002, "<0.1%"),
        (0, "0%"),
        (1, "100%"),
        (0.9994, "99.9%"),
        (0.9996, ">99.9%"),
    ],
)
def test_a_percentage_is_neither_all_nor_nothing_unless_it_is(share: float, text: str) -> None:
    assert format_percent(share) == text


def test_words_are_joined_and_counted_as_in_a_sentence() -> None:
    assert [join_words(list("abc"[:n])) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert [count_noun(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
