"""The rows of a CSV table come as columns: plain numbers as numbers, everything else as the texts that are there."""

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from container.codecs import csv_table, lines
from container.codecs.csv_table import decode_columns
from container.contract.errors import DecodeError
from container.rows.raw import RawRows, TableOptions
from tests.chance import draw_examples

TEXTS = st.text(
    st.characters(codec="utf-8", categories=("L", "M", "N", "P", "S", "Zs"), include_characters="\n\t"), max_size=8
)


def read(content: bytes | str, text_names: tuple[str, ...] = (), **parameters: str) -> list[RawRows]:
    data = content.encode() if isinstance(content, str) else content
    return list(decode_columns(BytesIO(data), parameters, TableOptions(text_names)))


def values(content: bytes | str, **parameters: str) -> dict[str, list[Any]]:
    (rows,) = read(content, (), **parameters)
    return {name: column.to_pylist() for name, column in rows.columns.items()}


def test_columns_of_plain_numbers_are_numbers_and_all_others_texts() -> None:
    found = values("n,t,mixed,code,gone\n1,a,1,007,\n-2.5e3,,x,012,NA\n")
    assert found == {
        "n": [1.0, -2500.0],
        "t": ["a", ""],
        "mixed": ["1", "x"],
        "code": ["007", "012"],
        "gone": ["", "NA"],
    }


@pytest.mark.parametrize("word", ["", "NA", "N/A", "NaN", "null", "None", "\\N", "?"])
def test_a_missing_value_does_not_make_texts_of_numbers(word: str) -> None:
    assert values(f"a,b\n1,x\n{word},y\n")["a"] == [1.0, None]


def test_a_column_may_be_kept_as_texts() -> None:
    (rows,) = read("a,b\n1.50,2\n", text_names=("a",))
    assert rows.columns["a"].to_pylist() == ["1.50"]


def test_quoted_fields_hold_commas_quotes_and_line_breaks() -> None:
    assert values('a,b\n1,"x, ""y""\nz"\n2,w\n')["b"] == ['x, "y"\nz', "w"]


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_another_sign_between_the_columns_is_told_by_the_header(sign: str) -> None:
    assert values(f"a{sign}b\n1,5{sign}x\n") == {"a": ["1,5"], "b": ["x"]}


def test_the_content_type_may_say_the_sign_between_the_columns() -> None:
    assert values("a,b;c\n1;2\n", delimiter=";") == {"a,b": [1.0], "c": [2.0]}


def test_carriage_returns_blank_lines_and_a_byte_order_mark_do_no_harm() -> None:
    assert values(b"\xef\xbb\xbfa,b\r\n1,x\r\n\r\n2,y\r\n") == {"a": [1.0, 2.0], "b": ["x", "y"]}


def test_the_index_of_a_pandas_frame_is_left_out() -> None:
    said: list[str] = []
    options = TableOptions(warn=said.append)
    (rows,) = decode_columns(BytesIO(b",a,b\n0,1,x\n1,2,y\n"), {}, options)
    assert list(rows.columns) == ["a", "b"]
    assert "an index, as pandas writes one" in said[0]


def test_a_header_that_comes_again_is_left_out() -> None:
    said: list[str] = []
    (rows,) = decode_columns(BytesIO(b"a,b\n1,x\na,b\n2,y\n"), {}, TableOptions(warn=said.append))
    assert rows.columns["a"].to_pylist() == [1.0, 2.0]
    assert "the header comes again" in said[0]


def test_another_charset_is_read_if_the_content_type_says_it() -> None:
    assert values("a,é\n1,ü\n".encode("cp1252"), charset="cp1252") == {"a": [1.0], "é": ["ü"]}


def test_a_text_among_the_numbers_of_a_later_block_is_there_as_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_TEXT_BYTES", 1 << 10)
    rows = "".join(f"{i},x\n" for i in range(1000))
    first, *_, last = read(f"a,b\n{rows}seven,x\n")
    assert str(first.columns["a"].type) == "double"
    assert last.columns["a"].to_pylist()[-1] == "seven"
    assert last.first_row + last.row_count == 1003


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n3\n", "row 3: expected 2 columns, found 1"),
        ("a,b\n1,2,3\n", "row 2: expected 2 columns, found 3"),
        (b"a,b\n1,x\n2,\xff\n", "row 3: text that is not UTF-8: '2,.*parameter charset"),
        (b"\xff,b\n1,x\n", "row 1: names that are not written as utf-8"),
        ("1.5,2\n1,2\n", "row 1: expected names"),
        ('a,"b\n1,2\n', "row 1: a quote that is not closed"),
        ("Report of 2020,,\na,b,c\n1,2,3\n", "row 1: .* a title"),
    ],
)
def test_what_is_no_table_is_refused_with_its_row(content: bytes | str, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        read(content)


def test_a_quote_that_is_never_closed_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_TEXT_BYTES", 1 << 10)
    monkeypatch.setattr(csv_table, "RECORD_BYTES", 1 << 20)
    with pytest.raises(DecodeError, match=r"a record of more than 1 MB\. Is a quote not closed"):
        read('a,b\n1,"x\n' + "2,y\n" * 300_000)


def test_a_quote_within_a_field_is_a_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_TEXT_BYTES", 1 << 10)
    monkeypatch.setattr(csv_table, "RECORD_BYTES", 1 << 12)
    rows = read('a,b\n1,5" pipe\n' + '2,"x\ny"\n' * 1000)
    assert [text for part in rows for text in part.columns["b"].to_pylist()] == ['5" pipe', *["x\ny"] * 1000]


@draw_examples(100)
@given(
    st.lists(st.tuples(TEXTS, TEXTS), min_size=1),
)
def test_texts_come_back_as_a_csv_writer_quotes_them(rows: list[tuple[str, str]]) -> None:
    def quote(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    content = ["p,q,r", *(f"x,{quote(one)},{quote(other)}" for one, other in rows)]
    (found,) = read("\n".join(content) + "\n", text_names=("q", "r"))
    assert list(zip(found.columns["q"].to_pylist(), found.columns["r"].to_pylist(), strict=True)) == rows
