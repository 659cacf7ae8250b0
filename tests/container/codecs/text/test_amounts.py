"""Numbers in other notations are told what to write instead; what is no number at all is not explained."""

import pytest

from container.codecs.text.amounts import explain_amount, read_amount

UNIT = " behind it. Write the number alone, in one unit in all rows"


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("1,234", "a comma", "1234, or 1.234 if the comma is decimal"),
        ("-12,345", "a comma", "-12345, or -12.345 if the comma is decimal"),
        ("1,234,567", "commas between its digits", "1234567"),
        ("12,34,567.5", "commas between its digits", "1234567.5"),
        ("1,234.5", "commas between its digits", "1234.5"),
        ("1.234,5", "a decimal comma", "1234.5"),
        ("1.234.567,", "a decimal comma", "1234567."),
        ("1.234.567", "points between its digits", "1234567"),
        ("0,123", "a decimal comma", "0.123"),
        (",5", "a decimal comma", ".5"),
        ("1234,5e3", "a decimal comma", "1234.5e3"),
        ("1'234'567.5", "signs between its digits", "1234567.5"),
        ("1 234,5", "signs between its digits", "1234.5"),
        ("12_34_5.6", "signs between its digits", "12345.6"),
    ],
)
def test_grouped_digits_and_decimal_commas_are_read(text: str, kind: str, number: str) -> None:
    assert read_amount(text) == (kind, number)
    assert explain_amount(text) == f": a number with {kind}. Write {number}"


@pytest.mark.parametrize(
    "text", ["1.234", "12", "1.5e3", "1,2,3", "1.2.3", "1'23", "1__2", "", "-", "1,,2", "0,12,345"]
)
def test_what_may_be_something_else_is_not_read(text: str) -> None:
    assert read_amount(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("€ -5", ": an amount of money. Write -5, without the sign"),
        ("+$5", ": an amount of money. Write +5, without the sign"),
        ("5 EUR", ": an amount of money. Write 5, without the sign"),
        ("- 5€", ": an amount of money. Write -5, without the sign"),
        ("Rs. 1,234.5", ": an amount of money. Write 1234.5, without the sign"),
        ("$1,23,4", ": an amount of money. Write the number alone"),
        ("7‰", ": a percentage. Write 7, without the sign"),
        ("1,5 %", ": a percentage. Write 1.5, without the sign"),
        ("many %", ": a percentage. Write the number alone"),
        ("+ .5", ": a blank after the sign. Write +.5"),
        ("5. -", ": a minus sign behind the number. Write -5."),
        ("-.5d-3", ": an exponent as Fortran writes it. Write -.5e-3"),
        (">= 5", ": a bound, no number. Choose a number for it"),
        ("~1e3", ": a bound, no number. Choose a number for it"),
        ("5 +", ": a bound, no number. Choose a number for it"),
        ("5 to 7", ": a range, no number. Write its ends as two columns, or its middle"),
        ("1..2", ": a range, no number. Write its ends as two columns, or its middle"),
        ("1 1/2", ": a fraction, no decimal number. Divide it"),
        ("-3 / 4", ": a fraction, no decimal number. Divide it"),
        ("5 km²", f": a number with 'km²'{UNIT}"),
        ("-7.5°C", f": a number with '°C'{UNIT}"),
        ("3 лет", f": a number with 'лет'{UNIT}"),
    ],
)
def test_another_notation_is_told_what_to_write(text: str, words: str) -> None:
    assert explain_amount(text) == words


@pytest.mark.parametrize("text", ["red", "5 apples in a box", "1-2-3", "", "12a34", "USDA 5", "five"])
def test_what_is_no_number_is_not_explained(text: str) -> None:
    assert explain_amount(text) is None
