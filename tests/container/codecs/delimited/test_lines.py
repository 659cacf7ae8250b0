"""Lines that are no rows are told for what they are, and rows are not taken for such."""

import pytest

from container.codecs.delimited.form import CsvSchema
from container.codecs.delimited.lines import (
    decode_fields,
    explain_stray_header,
    explain_stray_line,
    is_for_excel,
    is_title,
    may_be_header,
)

ROW = CsvSchema(3, 1, "row")
NAMED = CsvSchema(3, 1, "row", ("y", "a", "b"), header_row=2)


@pytest.mark.parametrize(
    ("line", "schema", "number", "words"),
    [
        (" # rows,2,3", ROW, 5, "found a comment, ' # rows,2,3'. Remove it: every line must be data"),
        ("sep=;,,", ROW, 5, "found 'sep=;,,', which is for Excel. Remove the line"),
        (" y,a ,b", NAMED, 9, "found the header again, ' y,a ,b'. Are files joined here? Remove it"),
        (
            "x,red,blue",
            NAMED,
            3,
            "found 'x,red,blue'. Write categories as numbers; if these are the names, remove the lines above",
        ),
        ("x,red,blue", NAMED, 4, "found 'x,red,blue'. Is this a header, of files that were joined? Remove it"),
        ("x,red,blue", ROW, 2, "found 'x,red,blue'. Is this a header, of files that were joined? Remove it"),
        ("Report,,", ROW, 1, "found 'Report,,'. Is this a title? Remove it"),
        ("1,2,3;", ROW, 2, "found '1,2,3;': the line ends in ';'. Remove the sign"),
    ],
)
def test_a_line_that_is_no_row_is_told_for_what_it_is(line: str, schema: CsvSchema, number: int, words: str) -> None:
    assert explain_stray_line(line.split(","), schema, number) == f"expected numbers, {words}"


@pytest.mark.parametrize("sign", [";", "|", "\t"])
def test_decimal_commas_between_other_separators_are_seen(sign: str) -> None:
    found = explain_stray_line(f"1,5{sign}2,5".split(","), ROW, 2)
    assert found is not None
    assert found.startswith("expected numbers separated by commas, found '1,5")
    assert ", and decimals written with a point. Or say delimiter=" in found


@pytest.mark.parametrize(
    ("line", "schema", "number"),
    [
        ("1,2,3", ROW, 1),
        ("1,red,blue", ROW, 2),  # one number is enough
        ("x,red,blue", ROW, 1),  # names, of which a header is made elsewhere
        ("red,,", ROW, 2),
        ("NA,,", ROW, 1),
        ("NA,inf,red", ROW, 2),  # most are of a known kind
        ("#5,2,3", ROW, 2),  # a number with a mark
        ("1;2;3;", ROW, 2),
        ("a;b,c,d", NAMED, 1),
        ("1.5;2", ROW, 2),
        ("Report,,", NAMED, 1),
    ],
)
def test_a_row_is_not_taken_for_another_line(line: str, schema: CsvSchema, number: int) -> None:
    assert explain_stray_line(line.split(","), schema, number) is None


@pytest.mark.parametrize(
    ("names", "training", "words"),
    [
        (["sep=,"], False, "found 'sep=,', which is for Excel. Remove the line"),
        (
            ["Report", "", ""],
            True,
            "found 'Report,,'. Is this a title? Remove it, so that the names are the first line",
        ),
        (["", ""], True, "found none, ','. Remove the line, so that the names are the first line"),
    ],
)
def test_a_line_that_is_no_header_is_told_for_what_it_is(names: list[str], training: bool, words: str) -> None:
    assert explain_stray_header(names, training) == f"expected names, {words}"


@pytest.mark.parametrize(
    ("names", "training"),
    [(["y", "a"], True), (["", "a"], True), ([""], True), (["", ""], False), (["a", "", ""], False), (["a", ""], True)],
)
def test_names_are_a_header(names: list[str], training: bool) -> None:
    assert explain_stray_header(names, training) is None


def test_many_names_are_shown_up_to_a_hundred_fields() -> None:
    found = explain_stray_header(["x"] + [""] * 500, True)
    assert found is not None
    assert f"'x{',' * 79}'" in found


@pytest.mark.parametrize(
    ("line", "said"),
    [("sep=,", True), (" SEP=; ,", True), ("sep=", True), ("sep=;;", False), ("sep=;,1", False), ("x", False)],
)
def test_a_line_for_excel_says_the_separator_and_no_more(line: str, said: bool) -> None:
    assert is_for_excel([line] if line == "sep=," else line.split(",")) == said


@pytest.mark.parametrize(
    ("line", "said"), [("a,,", True), (",a,", True), ("a,", False), ("a,b,", False), (",,", False)]
)
def test_a_title_is_one_field_of_three_or_more(line: str, said: bool) -> None:
    assert is_title(line.split(",")) == said


@pytest.mark.parametrize(
    ("line", "columns", "labels", "may"),
    [
        ("y,a,b", 3, 1, True),
        ("y,1,2,3", 4, 1, True),
        ("y, 0 ,1", 3, 1, True),
        ("y,1,2,3", 4, 0, False),
        ("y,2,3", 3, 1, False),
        ("1,1,2", 3, 1, False),
        ("y", 1, 1, False),
        ("y", 1, 0, True),
        ("y", 2, 0, False),
        ("5", 1, 0, False),
        ("y,NA", 2, 1, False),  # half of it is known for something else
        ("y,a,NA", 3, 1, True),
        ("y,a,5", 3, 1, False),
    ],
)
def test_names_are_known_from_rows(line: str, columns: int, labels: int, may: bool) -> None:
    assert may_be_header(line.split(","), columns, labels) == may


@pytest.mark.parametrize(
    ("fields", "may"),
    [
        (["x"] * 60 + ["NA"] * 300, True),
        (["x"] * 50 + ["NA"] * 50 + ["x"] * 300, False),
        (["x"] * 50 + ["NA"] * 50 + ["x"], False),
    ],
)
def test_the_first_hundred_fields_tell_a_header(fields: list[str], may: bool) -> None:
    assert may_be_header(fields, len(fields), 1) == may


def test_fields_are_read_in_the_charset_that_they_are_in() -> None:
    written = ["größe".encode().decode("latin-1"), "größe", "abc"]
    assert decode_fields(written) == ["größe", "größe", "abc"]
