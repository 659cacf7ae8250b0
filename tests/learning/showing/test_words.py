from open_algorithms.learning.showing.words import NO_VALUE, format_count, format_number


def test_numbers_have_a_real_minus_sign_and_few_digits() -> None:
    assert format_number(-1234.5678) == "\N{MINUS SIGN}1234.57"
    assert format_number(-1234.5678, 3) == "\N{MINUS SIGN}1.23e+03"
    assert format_count(1234567) == "1,234,567"


def test_what_is_no_number_is_a_dash() -> None:
    assert {format_number(value) for value in (float("nan"), float("inf"), -float("inf"))} == {NO_VALUE}
