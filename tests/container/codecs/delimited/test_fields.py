"""Which sign separates the fields of a line."""

import pytest

from container.codecs.delimited.fields import find_delimiter, guess_delimiter, split_fields


@pytest.mark.parametrize(
    ("line", "delimiter"),
    [
        ("a,b", ","),
        ("a;b", ";"),
        ("a\tb", "\t"),
        ("a|b|c", "|"),
        ("alone", ","),
        ("", ","),
        ('"a,b,c";d', ";"),
        ("1,5;2,5", ";"),
        ("-1,5e-3\t,5\t", "\t"),
        ("1,2,3", ","),
        ("1,2;3,x", ","),
        ('"1;2",3', ","),
        ("1;;2", ";"),
    ],
)
def test_the_sign_between_names_or_numbers_is_found_also_where_these_have_decimal_commas(
    line: str, delimiter: str
) -> None:
    assert guess_delimiter(line) == delimiter


def test_the_most_frequent_sign_outside_quotes_separates_names() -> None:
    assert find_delimiter('"a,b";"c,d";e') == ";"


def test_fields_are_without_quotes_and_blanks_and_none_where_quotes_are_wrong() -> None:
    assert split_fields(' "a;b" ; c', ";") == ["a;b", "c"]
    assert split_fields("a" * 200_000, ",") == []
