"""The first fault is named, with what the line or the field may be instead."""

from io import BytesIO

import pytest

from container.codecs import csv
from container.codecs.delimited.faults import find_fault
from container.codecs.delimited.form import CsvSchema
from container.contract.errors import DecodeError
from tests.container.bodies import decode_body

CLASSES = ". Column 1 is the label: write classes as numbers, 0, 1 and so on"


def refuse_rows(text: bytes, **parameters: str) -> str:
    with pytest.raises(DecodeError) as refused:
        list(csv.decode_blocks(BytesIO(text), parameters, None))
    return str(refused.value)


def refuse_records(body: bytes, features: int) -> str:
    with pytest.raises(DecodeError) as refused:
        decode_body("text/csv", body, {}, features)
    return str(refused.value)


def test_where_every_line_is_right_the_fallback_is_told_with_the_lines() -> None:
    fault = find_fault([b"1,2", b"", b"3,4"], CsvSchema(2, 1, "row"), 5, "no table")
    assert str(fault) == "rows 5 to 7: no table"


def test_an_empty_field_of_a_model_with_one_feature_is_a_missing_value() -> None:
    assert refuse_records(b'5\n""\n', 1).startswith("record 2, column 1: expected a number, found '': a missing value")


def test_without_names_the_other_fields_without_a_number_are_not_listed() -> None:
    found = refuse_rows(b"1,2,3\n1,red,blue\n")
    assert found == "row 2, column 2: expected a number, found 'red'. Write categories as numbers"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"1,2\n,\n", "row 2: expected numbers, found ',', a line without values. Remove it"),
        (
            b"1,5,7\nx,1,2\n",
            f"row 2, column 1: expected a number, found 'x'{CLASSES}",
        ),
        (
            b"x,5,red\n",
            f"row 1, column 1: expected a number, found 'x'{CLASSES}",
        ),
        (
            b"x1,5,6\n",
            f"row 1, column 1: expected a number, found 'x1'{CLASSES}"
            ". Remove it if it is an id; if this is a header row, set the content type to 'text/csv;header=present'",
        ),
    ],
)
def test_a_fault_is_told_with_its_likely_cause_and_no_more(text: bytes, found: str) -> None:
    assert refuse_rows(text) == found


@pytest.mark.parametrize("columns", [2, 150])
def test_a_copy_of_a_header_of_any_width_is_known_in_another_charset(columns: int) -> None:
    names = ",".join(f"größe {i}" for i in range(columns)) + "\n"
    row = ",".join(["1"] * columns) + "\n"
    found = refuse_rows((names + row).encode() + names.encode("latin-1"), header="present")
    assert found.startswith("row 3: expected numbers, found the header again, 'größe 0,größe 1")


def test_the_header_of_a_model_with_one_feature_is_known_for_one() -> None:
    assert refuse_records(b"age\n5\n", 1) == (
        "record 1, column 1: expected a number, found 'age'. Is this a header row? Then set the content type to "
        "'text/csv;header=present'"
    )


def test_a_copy_of_the_header_in_another_charset_is_known_for_one() -> None:
    text = "y,größe\n1,2\n".encode() + "y,größe\n3,4\n".encode("latin-1")
    assert refuse_rows(text, header="present") == (
        "row 3: expected numbers, found the header again, 'y,größe'. Are files joined here? Remove it"
    )
