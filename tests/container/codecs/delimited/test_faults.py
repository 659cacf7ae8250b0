"""The first fault is named, with what the line or the field may be instead."""

from io import BytesIO

import pytest

from container.codecs import csv
from container.codecs.delimited.faults import find_fault
from container.codecs.delimited.form import CsvSchema
from container.contract.errors import DecodeError
from tests.container.bodies import decode_body


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
