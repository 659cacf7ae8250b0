"""CSV of a table, by whatever pieces it arrives in: which fields of which records are read."""

from collections.abc import Iterator, Mapping
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from container.codecs.asked import fields
from container.codecs.asked.delimited import decode_asked_rows
from container.codecs.tabular.splitting import find_first_end, find_last_end, split_records
from container.contract.errors import DecodeError
from tests.container.asking import Table

HEADER, NO_HEADER = {"header": "present"}, {"header": "absent"}


@pytest.fixture(autouse=True, params=[16 << 10, -1], ids=["few", "many"])
def _by_either_reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "_FEW_BYTES", request.param)


def pieces_of(text: bytes, size: int) -> Iterator[bytes]:
    return iter([text[i : i + size] for i in range(0, len(text), size)])


def read(
    text: bytes, parameters: Mapping[str, str] = HEADER, size: int = 1 << 20, table: Table | None = None
) -> list[tuple[Any, ...]]:
    return (table or Table()).read(lambda asked: decode_asked_rows(pieces_of(text, size), parameters, asked))


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        (b"c,x,a\n3,9,1\n6,9,4\n", {"header": "present"}),
        (b"c,x,a\n3,9,1\n6,9,4\n", {}),
        (b'"c" , "x", "a"\r\n3,9,1\r\n\r\n6,9,4', {"header": "present"}),
        (b"\n  \nc;x;a\n3;9;1\n6;9;4\n", {"header": "present"}),
        (b"c|x|a\n3|9|1\n6|9|4\n", {"delimiter": "|"}),
        (b",c,a\n0,3,1\n1,6,4\n", {"header": "present"}),
        (b"y,c,a\nyes,3,1\nno,6,4\n", {"label_size": "1"}),
        (b"1,2,3\n4,5,6\n", {}),
        (b"1,2,3\n\n \n4,5,6\n\n", {"header": "absent"}),
        (b"1\t2\t3\r4\t5\t6", {"delimiter": "\t"}),
        (b"y,1,2,3\ny,4,5,6\n", {"label_size": "1"}),
        (b"\xef\xbb\xbf1,2,3\n4,5,6", {"charset": "UTF-8"}),
        (b'"a","b\nb",c\n1,"2\n,",3\n4,5,6\n', {"header": "present"}),
        (b'1,"\n2,\r",3\n4,"""5""\n",6', {}),
    ],
)
def test_columns_are_taken_by_name_or_in_order_in_whatever_pieces_they_come(
    text: bytes, parameters: dict[str, str]
) -> None:
    for size in (3, 4, 5, 7, 100):
        assert read(text, parameters, size) == [("1", "3"), ("4", "6")]


def test_a_file_without_records_has_none() -> None:
    for text in (b"", b"\n", b"a,b,c\n", b" \n\n"):
        assert read(text, HEADER if text.strip() else NO_HEADER) == []


def test_texts_are_left_as_they_are() -> None:
    text = b' x ,,"a ""b"", \r\n c"\n"","NA",\n5" x,"","\n"\n'
    assert read(text, {}) == [(" x ", 'a "b", \r\n c'), ("", ""), ('5" x', "\n")]
    assert read(text + "größe,,ß\n".encode("latin-1"), {"charset": "latin-1"})[-1] == ("größe", "ß")


def test_a_line_of_blanks_is_a_value_where_there_is_one_column() -> None:
    alone = Table(["a"], ["a"])
    assert read(b'x\n  \n\n""\n', NO_HEADER, table=alone) == [("x",), ("  ",), ("",)]


def test_a_header_is_what_names_most_of_the_columns_unless_it_is_said_that_there_is_none() -> None:
    with pytest.raises(DecodeError, match="expected the columns of the model: 'c' is missing, 'x', 'z' are not known"):
        read(b"a,x,z\n1,2,3\n")
    assert read(b"a,x,z\n1,2,3\n", {}) == [("a", "z"), ("1", "3")]
    assert read(b"a,b,c\n1,2,3\n", NO_HEADER)[0] == ("a", "c")


@pytest.mark.parametrize(
    ("text", "parameters", "message"),
    [
        (
            b"x,b\n1,2\n",
            {"header": "present"},
            "expected the columns of the model: 'a', 'c' are missing, 'x' is not known",
        ),
        (b"a,c,a\n1,2,3\n", {"header": "present"}, "the column 'a' is there more than once; leave one"),
        (b"a,c\n1,2\n1\n", {}, "record 2: expected 2 columns, as the header has, found 1"),
        (
            b"1,2,3\n1,2,3,4\n",
            {},
            "record 2: expected 3 columns, 'a', 'b', 'c', in this order, found 4. Is the target 'y'",
        ),
        (
            b"1,2\n",
            {},
            "record 1: .*, found 2. Where columns are not named, those that the model leaves out are there too",
        ),
        (b"1\n", {}, "record 1: expected 3 columns, 'a', 'b', 'c', in this order, found 1$"),
        (b"1,2,3\n1,bad,bad\n", {}, "record 2, column 'c': expected what is good, found 'bad'. Mend it"),
        (b"1,2,3\n\n1,2,3\nbad,2,3\n", {}, "record 3, column 'a': "),
        (b'1,2,3\n1,"2\n3', {}, "record 2: a quote that is not closed: '\"2"),
        (b"1,\xff,3\n1,2,\xff\n", {}, "record 2, column 'c': expected text in UTF-8, found 'ÿ'. Write it so, or say"),
        (
            b"1,2,3",
            {"delimiter": "x"},
            "expected a delimiter among comma, semicolon, tab, pipe in the content type, found 'x'",
        ),
        (b"1,2,3", {"quotechar": "'"}, "the content type says quotechar, which is not read"),
        (b"1,2,3", {"label_size": "2"}, "expected label_size=0 or label_size=1"),
        (b"1,2,3", {"header": "yes"}, "expected header=present or header=absent"),
        (b"1,2,3", {"charset": "utf-16"}, "charset 'utf-16' in the content type is not supported"),
        (b"\x93NUMPY", {}, "expected text/csv, found a NumPy array"),
        (b'{"a": 1}', {}, "expected text/csv, found other JSON than is read"),
        (b"1,2,\x83", {"charset": "shift_jis"}, "text that is not written as shift_jis. Write the data as UTF-8"),
    ],
)
def test_a_fault_is_named_by_record_and_column(text: bytes, parameters: dict[str, str], message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        read(text, parameters)


def test_unknown_columns_are_warned_of_and_the_target_is_not() -> None:
    table = Table()
    read(b"a,y,,x,b,c\n", table=table)
    assert table.warnings == ["Requests name columns that the model does not know; they are left out: 'x'"]


def test_the_delimiter_that_is_said_is_the_one_even_where_commas_are_more() -> None:
    assert read(b"1,5;2,5;3,5\n", {"delimiter": ";"}) == [("1,5", "3,5")]
    assert read(b"a;b;c\n1,5;2,5;3,5\n", {}) == [("1,5", "3,5")]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        (b"", 0, 0),
        (b"ab", 2, 0),
        (b"a\nb\nc", 2, 4),
        (b"a\r\nb\rc\r", 3, 5),
        (b'"a\nb",c\nd,"e\n', 8, 8),
        (b'"a\n""b"\n"c"\n', 8, 12),
        (b'a"b,"x\ny"\nz"\n"\n', 10, 13),
        (b'"x"y"\n"a\n', 6, 6),
    ],
)
def test_line_breaks_within_quotes_end_no_record(text: bytes, first: int, last: int) -> None:
    assert (find_first_end(text, ","), find_last_end(text, ",")) == (first, last)


def test_a_time_that_looks_like_libsvm_may_begin_a_table() -> None:
    assert read(b"12:30 PM,2,3\n", {}) == [("12:30 PM", "3")]


def test_a_record_without_end_is_refused_before_it_fills_the_memory() -> None:
    arrived = iter([b'a,"'] + [b"x" * (64 << 10)] * 1000)
    with pytest.raises(DecodeError, match=r"a record of more than 1 MB\. Is a quote not closed"):
        list(split_records(arrived, ","))
    assert sum(1 for _ in arrived) > 900


cells = st.text('ab,;"\n\r ', max_size=5).map(lambda text: '"' + text.replace('"', '""') + '"') | st.text(
    'ab" ', max_size=4
).filter(lambda text: not text.startswith('"') and text.strip())
tables = st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=6)


@given(rows=tables, size=st.integers(1, 40), end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_records_are_split_where_they_end(rows: list[list[str]], size: int, end: str) -> None:
    text = end.join(map(",".join, rows)).encode()
    found = list(split_records(pieces_of(text, size), ","))
    assert b"".join(found) == text
    assert read(text, NO_HEADER, size) == read(text, NO_HEADER)
    assert all(not part or part.endswith((b"\n", b"\r")) for part in found[:-1])
    assert len(read(text, NO_HEADER, size)) == len(rows)
    by_one = read(text, NO_HEADER)
    with patch.object(fields, "_FEW_BYTES", -1 if fields._FEW_BYTES > 0 else 1 << 20):
        assert read(text, NO_HEADER) == by_one
