from open_algorithms.learning.showing.words import (
    NO_VALUE,
    cut_middle,
    format_count,
    format_decimals,
    format_number,
    format_share,
)


def test_numbers_have_a_real_minus_sign_and_few_digits() -> None:
    assert format_number(-1234.5678) == "\N{MINUS SIGN}1234.57"
    assert format_number(-1234.5678, 3) == "\N{MINUS SIGN}1.23e+03"
    assert format_decimals(-0.126, 2) == "\N{MINUS SIGN}0.13"
    assert format_decimals(-0.004, 2) == "0.00"
    assert format_count(1234567) == "1,234,567"


def test_what_is_no_number_is_a_dash() -> None:
    for write in (format_number, lambda value: format_decimals(value, 2), format_share):
        assert {write(value) for value in (float("nan"), float("inf"), -float("inf"))} == {NO_VALUE}


def test_a_part_is_never_shown_as_the_whole() -> None:
    assert [format_share(part) for part in (0, 0.2559, 0.99999, 1)] == ["0%", "25.5%", "99.9%", "100%"]


def test_a_long_text_keeps_both_of_its_ends() -> None:
    assert cut_middle("x" * 18, 18) == "x" * 18
    cut = cut_middle("native-country=Poland", 16)
    assert cut == "native-c…=Poland"
    assert len(cut) == 16
