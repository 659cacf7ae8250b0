"""text/csv: numbers in, label first, every fault with its row and column, the same by pyarrow and by numpy."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from itertools import chain
from time import process_time
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from container.codecs import csv, lines
from container.codecs.delimited import training
from container.codecs.delimited.form import is_number
from container.codecs.registry import REQUEST_DECODERS
from container.contract.errors import DecodeError
from container.rows.blocks import DecodeOptions
from tests.chance import draw_examples
from tests.container.bodies import decode_body

NUMBERS = st.floats(-(2.0**127), 2.0**127, width=32)
SPELLINGS = ["{!r}", "{:.9e}", "{:+.3E}", "{:.0f}", "{:.60f}", " {!r}", "{:.6g}\t", '"{!r}"', '"{:g}"']
LINE_ENDS = ["\n", "\r\n", "\r", "\n\n", "\n \r\n"]


@contextmanager
def by_numpy() -> Iterator[None]:
    """Leave nothing to pyarrow."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (csv, training):
            patch.setattr(module, "parse_plain_rows", lambda text, schema: None)
        yield


@contextmanager
def blocks_of(size: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_TEXT_BYTES", size)
        yield


def read(text: bytes, **parameters: str) -> list[list[float]]:
    return [
        [float(label), *row]
        for X, y in csv.decode_blocks(BytesIO(text), parameters, None)
        for row, label in zip(X.tolist(), y, strict=True)
    ]


def read_named(text: bytes, **parameters: str) -> tuple[list[list[str]], list[list[float]]]:
    """The names that are told, and the table."""
    told: list[list[str]] = []
    parameters |= {"header": "present"}
    blocks = csv.decode_blocks(BytesIO(text), parameters, None, DecodeOptions(lambda names: told.append([*names[1:]])))
    rows = [[float(label), *row] for X, y in blocks for row, label in zip(X.tolist(), y, strict=True)]
    return told, rows


def outcome(text: bytes) -> list[list[float]] | str:
    """What reading comes to, a table or a complaint."""
    try:
        return read(text)
    except DecodeError as error:
        return str(error)


@st.composite
def written_tables(draw: st.DrawFn) -> tuple[bytes, list[list[float]]]:
    """A table as somebody might write it, and the float32 that its texts stand for."""
    columns = draw(st.integers(2, 5))
    rows = draw(st.lists(st.lists(NUMBERS, min_size=columns, max_size=columns), min_size=1, max_size=8))
    spelling = st.sampled_from(SPELLINGS)
    texts = [[draw(spelling).format(value) for value in row] for row in rows]
    ends = [draw(st.sampled_from(LINE_ENDS)) for _ in rows]
    ends[-1] = draw(st.sampled_from([*LINE_ENDS, ""]))
    text = "".join(chain(*zip(map(",".join, texts), ends, strict=True)))
    values = [[float(np.float32(field.strip('"'))) for field in row] for row in texts]
    return text.encode(), values


@pytest.mark.parametrize(
    "text",
    [
        b"1,2,3\n4,5,6\n",
        b"1,2,3\r\n4,5,6",
        b"\n1,2,3\n  \n\n4,5,6\n\n",
        b'"1","2.0","3e0"\n4,"5",6\n',
        b"\xef\xbb\xbf1, 2 ,3\n+4,5.,6\n",
        b"1,2,3\r4,5,6\r",
    ],
)
def test_the_usual_variants_read_alike(text: bytes) -> None:
    assert read(text) == [[1, 2, 3], [4, 5, 6]]
    with by_numpy():
        assert read(text) == [[1, 2, 3], [4, 5, 6]]


@draw_examples(100)
@given(written_tables(), st.integers(1, 60))
@example((b"1,1.00000005960464477539062500001\n", [[1.0, 1.0]]), 60)  # half of a step of float32 and a little more
def test_any_matrix_reads_back_equal_by_pyarrow_and_by_numpy(
    written: tuple[bytes, list[list[float]]], block: int
) -> None:
    text, values = written
    with blocks_of(block):
        assert read(text) == values
        with by_numpy():
            assert read(text) == values


@draw_examples(300)
@given(
    st.lists(
        st.sampled_from(["1", "2.5", "-3e2", ".", ",", "\n", "\r", " ", '"', "+", "e", "nan", "inf", "0x1", "\0"])
    ),
    st.integers(1, 30),
)
@example(["1", ",", '"', "1", "\n", "1", '"', ",", "2", "\n"], 30)
def test_any_text_comes_to_the_same_by_pyarrow_and_by_numpy(pieces: list[str], block: int) -> None:
    with blocks_of(block):
        found = outcome(b"1,2\n" + "".join(pieces).encode())
        with by_numpy():
            assert outcome(b"1,2\n" + "".join(pieces).encode()) == found


@draw_examples(200)
@given(
    st.lists(st.sampled_from(["1", "2.5", "a", "ö", ",", "\n", "\r", "\r\n", " ", '"', "x,y\n"])), st.integers(1, 30)
)
@example(["\r", "\n", "a", ",", "b", "\r", "\n", "1", ",", "x"], 1)
def test_any_text_with_a_header_comes_to_the_same_in_blocks_of_any_size(pieces: list[str], block: int) -> None:
    def outcome() -> tuple[list[list[str]], list[list[float]]] | str:
        try:
            return read_named("".join(pieces).encode())
        except DecodeError as error:
            return str(error)

    found = outcome()
    with blocks_of(block):
        assert outcome() == found
        with by_numpy():
            assert outcome() == found


@given(st.floats(allow_nan=False, allow_infinity=False) | st.floats(3.4028234e38, 3.4028236e38))
@example(2.0**128 - 2.0**103)  # in the middle between the largest float32 and the next power of two
@example(float(np.nextafter(2.0**128 - 2.0**103, 0)))
def test_a_number_is_what_float32_can_hold(value: float) -> None:
    with np.errstate(over="ignore"):
        assert is_number(repr(value)) == np.isfinite(np.float32(value))


def test_a_line_of_a_million_empty_fields_is_refused_at_once() -> None:
    started = process_time()
    with pytest.raises(DecodeError, match="record 1: expected 2 columns, found 1000001"):
        decode_body("text/csv", b"," * 1_000_000, {}, 2)
    assert process_time() - started < 2  # it takes a quarter of a second


@draw_examples(200)
@given(written_tables(), st.integers(0), st.binary(max_size=2), st.integers(0, 2))
def test_a_damaged_file_is_read_or_refused(
    written: tuple[bytes, list[list[float]]], place: int, inserted: bytes, removed: int
) -> None:
    text, _ = written
    place %= len(text)
    damaged = text[:place] + inserted + text[place + removed :]
    found = outcome(damaged)
    with by_numpy():
        assert outcome(damaged) == found


def test_plain_numbers_are_left_to_pyarrow_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.random.default_rng(0).standard_normal((20_000, 3), np.float32)
    text = csv.encode_answer({"table": table})
    monkeypatch.setattr(training, "_PIECE_BYTES", 10_000)
    monkeypatch.setattr(np, "loadtxt", None)
    [(X, y)] = csv.decode_blocks(BytesIO(text), {}, None)
    assert X.dtype == y.dtype == np.float32
    assert X.flags.c_contiguous
    assert np.array_equal(np.column_stack([y, X]), table)


def test_many_columns_are_read_too() -> None:
    row = [float(i) for i in range(12_000)]
    assert read((",".join(map(str, row)) + "\n").encode() * 2) == [row, row]


def test_a_request_does_not_load_pyarrow() -> None:
    program = (
        "import io, sys; from container.codecs import csv; list(csv.decode_records(io.BytesIO(b'1,2'), {}, 2)); "
        "sys.exit('pyarrow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_blocks_end_with_whole_rows() -> None:
    text = b"".join(b"%d,%d\n\n" % (i, 10 * i) for i in range(50))
    with blocks_of(7):
        assert read(text) == [[i, 10 * i] for i in range(50)]
        with pytest.raises(DecodeError, match=r"row 101, column 2: expected a number, found 'x'"):
            read(text + b"1,x\n")


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_LINE_BYTES", 1 << 20)
    endless = BytesIO(b"1,2\n" + b"1," * (30 << 20))
    with blocks_of(1 << 16), pytest.raises(DecodeError, match=r"byte 4: a line of more than 1 MB. Is this text/csv\?"):
        list(csv.decode_blocks(endless, {}, None))
    assert endless.tell() < 2 << 20


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            b"label,age,sex\n1,2,3\n",
            r"row 1, column 1: expected a number, found 'label'. Is this a header row\? Then set the content type to "
            "'text/csv;header=present'",
        ),
        (b"1,2\n\n3,abc\n", "row 3, column 2: expected a number, found 'abc'. Write categories as numbers"),
        (b"yes,2\nno,3\n", "row 1, column 1: expected a number, found 'yes'. Column 1 is the label"),
        (b"1,2\n3,NaN\n", "row 2, column 2: .* found 'NaN': a missing value. Remove rows with missing values"),
        (b"1,2\n3,\n", "row 2, column 2: expected a number, found '': a missing value"),
        (b"1,2\n3,-inf\n", "row 2, column 2: .* found '-inf': an infinite value"),
        (b"1,2\n3,1e39\n", "row 2, column 2: .* found '1e39', which is too large for a 32-bit float"),
        (b"1,2\n3,1_0\n", "row 2, column 2: expected a number, found '1_0'"),
        (
            b"1;2;3\n",
            "row 1: expected a label .*, found one column, '1;2;3'. Columns must be separated by commas, not by ';'",
        ),
        (b"1\t2\t3\n", r"row 1: .* found one column, '1\\t2\\t3'. Columns must be separated by commas, not by tabs"),
        (b"1|2|3\n", "row 1: .* found one column, '1|2|3'. Columns must be separated by commas, not by '|'"),
        (b"1 2 3\n", "row 1: .* found one column, '1 2 3'. Columns must be separated by commas, not by blanks"),
        (b"label age\n1 2\n", r"row 1: .* found one column, 'label age'. Are its columns separated by blanks\?"),
        (b"label\n", "row 1: .* found one column, 'label'. The label comes first$"),
        ("1\uff0c2\n".encode(), r"row 1: .* not by U\+FF0C \(FULLWIDTH COMMA\)"),
        (b'"1,2,3"\n', "row 1: .* found one column, '1,2,3'. Quotes stand around the whole row: remove them"),
        (
            b"1,2,3\n1 2 3\n",
            r"row 2: expected 3 .* columns, found 1, '1 2 3'. Columns must be separated by commas, not by bl",
        ),
        (b'1,2,3\n"1,2,3"\n', "row 2: expected 3 .* columns, found 1, '1,2,3'. Quotes stand around the whole row"),
        (
            b"1,5;2,5;3\n",
            "row 1: .* found '1,5;2,5;3'. Columns must be .*, not by ';', and decimals written with a point",
        ),
        (b"1,2;\n3,4;\n", "row 1: expected numbers, found '1,2;': the line ends in ';'. Remove the sign"),
        (
            b"1,2,\n3,4,\n",
            "row 1, column 3: .* found '': the line ends in a comma. Remove it if all lines end in one; else f",
        ),
        (b"1,2\n3,4,\n", "row 2: expected 2 .* columns, found 3: the line ends in a comma. Remove the comma"),
        (
            b"1,2,,\n3,4,,\n",
            "row 1, column 3: .* found '': the line ends in 2 commas. Remove them if all lines end in them; else fill",
        ),
        (b"1,2\n3,4,,\n", "row 2: expected 2 .* columns, found 4: the line ends in 2 commas. Remove them"),
        (b"1,2,3\n,,\n", "row 2: expected numbers, found ',,', a line without values. Remove it"),
        (b"Report Q3,,\n1,2,3\n", r"row 1: expected numbers, found 'Report Q3,,'. Is this a title\? Remove it"),
        (b"Report Q3\n1,2,3\n", "row 1: .* found one column, 'Report Q3'. .* by commas; if it is a title, remove it"),
        (b"sep=,\n1,2\n", "row 1: expected numbers, found 'sep=,', which is for Excel. Remove the line"),
        (
            b"1,2,3\n1,1,5,3\n",
            "row 2: expected 3 .* found 4. Is there a decimal comma or a thousands separator. Write 1.5 for 1,5 and 12",
        ),
        (b"1,2\n0,$1,234.50\n", "row 2: expected 2 .* found 3. Is there a decimal comma or a thousands separator"),
        (b"1,2\n0,5.5,7\n", r"row 2: expected 2 \(a label and 1 features\) columns, found 3$"),
        (
            b"1,2\n2nd,3\n",
            "row 2, column 1: .* found '2nd': a number with 'nd' behind it. Write .* rows. Column 1 is the label$",
        ),
        (b"1,2\nNA,3\n", "row 2, column 1: .* found 'NA': a missing value. .* in. Column 1 is the label$"),
        (b"# rows\n1,2\n", "row 1: expected numbers, found a comment, '# rows'. Remove it: every line must be data"),
        (b"sep=;\n1;2\n", "row 1: expected numbers, found 'sep=;', which is for Excel. Remove the line"),
        (b"1,2\nlabel,age\n", r"row 2: .* found 'label,age'. Is this a header, of files that were joined\? Remove it"),
        (b",a,b\n0,1,2\n", r"row 1, column 1: expected a number, found ''. Is this a header row\?"),
        (b"$5,$6\n", "row 1, column 1: expected a number, found '.5': an amount of money"),
        (
            b"A17,2\n",
            "row 1, column 1: .* Column 1 is the label: write classes as numbers, 0, 1 and so on. Remove it if it is",
        ),
        (b"1,2,3\n4,5\n", r"row 2: expected 3 \(a label and 2 features\) columns, found 2"),
        (b"1,2\n3," + b"x" * 200_000, "row 2: expected numbers separated by commas: field larger than"),
        (b"1,2\n" + b"3," + b"x" * 200, f"found '{'x' * 80}'. Write"),
        (
            b'1,"2\n3",4\n',
            "row 1: a quote that is not closed in its line: '1,\"2'. Remove the line break within the quotes, or the q",
        ),
        (b"1,3.4028235e38\n3,x\n", "row 2, column 2: expected a number, found 'x'"),
        (
            b"1\n0\n",
            "row 1: expected a label and at least one feature, found one column, '1'. The label comes first",
        ),
    ],
)
def test_a_fault_is_named_with_its_place_and_likely_cause(text: bytes, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        read(text)
    with by_numpy(), pytest.raises(DecodeError, match=message):
        read(text)


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (b"y,age,sex\n", ["age", "sex"]),
        (b"y,age,sex\r\n", ["age", "sex"]),
        (b"y,age,sex\r", ["age", "sex"]),
        (b"\n  \r\ny,age,sex\n\n", ["age", "sex"]),
        (b"\xef\xbb\xbfy, age ,sex\n", ["age", "sex"]),
        (b'"y","a, ""b""", "<i>"\n', ['a, "b"', "<i>"]),
        ("y,größe,年齢\n".encode(), ["größe", "年齢"]),
        (b"y,a,a\n", ["a", "a"]),
        (b"0,1,2\n", ["1", "2"]),
        (b"y,nan,-inf\n", ["nan", "-inf"]),
    ],
)
def test_a_declared_header_is_names_and_no_row(header: bytes, names: list[str]) -> None:
    assert read_named(header + b"1,2,3\n4,5,6\n") == ([names], [[1, 2, 3], [4, 5, 6]])
    with blocks_of(4), by_numpy():
        assert read_named(header + b"1,2,3\n4,5,6") == ([names], [[1, 2, 3], [4, 5, 6]])


def test_a_header_is_written_as_the_charset_says() -> None:
    assert read_named("y,größe\n1,2\n".encode("latin-1"), charset="ISO-8859-1")[0] == [["größe"]]


@pytest.mark.parametrize("text", [b"y,age,sex", b"y,age,sex\n\n"])
def test_a_header_without_rows_is_no_fault(text: bytes) -> None:
    assert read_named(text) == ([["age", "sex"]], [])


@pytest.mark.parametrize("text", [b"", b"\n \r\n"])
def test_a_file_of_nothing_needs_no_header(text: bytes) -> None:
    assert read_named(text) == ([], [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"y,a\n1,x\n", r"row 2, column 2 \('a'\): expected a number, found 'x'. Write categories as numbers"),
        (b"\r\n\r\ny,a\r\n1,2\r\n\r\n3,x\r\n", "row 6, column 2 .*: expected a number, found 'x'"),
        (b"y,a,b\n1,2\n", r"row 2: expected 3 \(a label and 2 features\) columns, found 2"),
        (
            b"y,a\n1,2\nx,b\n",
            r"row 3: expected numbers, found 'x,b'. Is this a header, of files that were joined\? Remove it",
        ),
        (
            b'y,a\n"r1",1,2\n',
            r"row 2: expected 2 .* found 3. Does each row begin with an index that the header does not name",
        ),
        (b"y,a,\n1,2,\n", "row 2, column 3: .* found '': the line ends in a comma. Remove it if all lines end in one"),
        (b"y,a,colour\n1,2,\n", r"row 2, column 3 \('colour'\): expected a number, found '': a missing value"),
        (
            b"y;a\n1;2,5\n",
            r"row 2, column 2 \('a'\): expected a number, found '2,5': a number with a decimal comma. Wri",
        ),
        (b"y;a\n1,2\n", "row 2: expected 2 .* found 1, '1,2'. Its columns are separated by commas, not by semicolons"),
        (b"y\n1\n", "row 1: expected a label and at least one feature, found one column, 'y'"),
        (b'y,"a\nb"\n1,2\n', "row 1: a quote that is not closed in its line: 'y,\"a'. Remove the line break within"),
        *(
            (index + b",0.5,2\n", 'row 2: expected 2 .* index that the header does not name. Then put "", before the')
            for index in (b"y,a\nMazda", b'y,a\n"17"', b"y,a\n1")
        ),
        (b"\n\ny,a\n1,0.5,2\n", r"""row 4: .* before the names: sed '3s/\^/"",/' FILE > fixed.csv$"""),
        (b"y,a\n0.5,2,3\n", r"row 2: expected 2 .* columns, found 3. Is a name missing in the header\?"),
        (b"y,a\n7,1,234\n", "row 2: expected 2 .* columns, found 3. Is there a decimal comma or a thousands sep"),
        (b"y,a\n1,2\nx1,2.5,3\n", r"row 3: expected 2 \(a label and 1 features\) columns, found 3$"),
        (b"y,a,,\n1,2\n", "row 2: expected 4 .* columns, found 2: the header ends in 2 commas. Remove them"),
        (b"y,a,,\n1,2,,\n", "row 2, column 3: .* found '': the line ends in 2 commas. Remove them if all lines end"),
        (b"y,a,b\n1,,\n", r"row 2, column 2 \('a'\): expected a number, found '': a missing value"),
        *(
            (line + b"\ny,a\n1,2\n", "row 1: expected names, found '.*', which is for Excel. Remove the line")
            for line in (b"sep=,", b"SEP=;", b'"sep=,"', b"sep=\t", b"sep=,,,")
        ),
        (
            b"Churn report Q3,,,\n,,,\ny,a,b,c\n",
            r"row 1: expected names, found 'Churn report Q3,,,'. Is this a title\? Remove it, so that the names are",
        ),
        (b",Report,\n", r"row 1: expected names, found ',Report,'. Is this a title\?"),
        (b",,\ny,a,b\n", "row 1: expected names, found none, ',,'. Remove the line, so that the names are the first"),
        (
            b"Sales 2024,\ny,a\n1,2\n",
            "row 2: expected numbers, found 'y,a'. Write categories as numbers; if these are the names, remove the l",
        ),
        (
            b"y,a,b,c,d,e,f,,h\n1,RL,Pave,3,NA,,x,y,z\n",
            r"row 2, column 2 \('a'\): .* found 'RL'. Write categories as numbers. Nor is there a number in 'b', 'd', "
            "'e', 'f', 'column 8' and 1 more$",
        ),
        ("y,größe\n1,2\n".encode("latin-1"), "row 1: names that are not written as utf-8: 'y,größe'"),
        (b"y," + b"a" * 200_000 + b"\n1,2\n", "row 1: expected names in fields: field larger than"),
    ],
)
def test_below_a_header_rows_are_counted_as_lines_of_the_file(text: bytes, message: str) -> None:
    for size in (1 << 22, 5):
        with blocks_of(size), pytest.raises(DecodeError, match=message):
            read_named(text)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"label_size": "2"}, "expected label_size=0 or label_size=1 in the content type, found '2'"),
        ({"header": "yes"}, "expected header=present or header=absent in the content type, found 'yes'"),
        ({"charset": "utf-16"}, "charset 'utf-16' in the content type is not supported"),
        ({"delimiter": "~"}, "expected a delimiter among comma, semicolon, tab, pipe in the content type, found '~'"),
        ({"sep": " "}, "expected a sep among comma, semicolon, tab, pipe in the content type, found ' '"),
        ({"quotechar": "'"}, 'the content type says quotechar, which is not read. Quote fields by "'),
        ({"decimal": ","}, "the content type says decimal, which is not read. Write decimals with a point"),
        ({"encoding": "latin-1"}, "the content type says encoding, which is not read. Say charset, and leave encoding"),
        ({"charset": "klingon"}, "charset 'klingon' in the content type is not supported"),
    ],
)
def test_a_parameter_that_cannot_be_followed_is_named(parameters: dict[str, str], message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        read(b"1,2\n", **parameters)
    with pytest.raises(DecodeError, match=message):
        decode_body("text/csv", b"1,2\n", parameters, 2)


def test_a_parameter_that_changes_nothing_is_none_to_refuse() -> None:
    assert read(b"1,2\n", delimiter=",", quotechar='"', decimal=".", version="1") == [[1, 2]]


@pytest.mark.parametrize(
    ("delimiter", "words"), [(";", ["semicolon", ";", ""]), ("\t", ["tab", "\\t"]), ("|", ["pipe"])]
)
@pytest.mark.parametrize("spelling", ["{}", '"{}"', " {} "])
def test_fields_may_be_separated_otherwise_in_rows_and_in_requests(
    delimiter: str, words: list[str], spelling: str
) -> None:
    rows = [[1.0, 2.5, -3e-5], [0.0, 1e6, 7.0]]
    lines = [delimiter.join(spelling.format(repr(number)) for number in row) for row in rows]
    text = "\r\n".join(lines).encode()
    expected = np.array(rows, np.float32).tolist()
    for word in [delimiter, *words]:
        assert read(text, delimiter=word) == expected
        assert decode_body("text/csv", text, {"separator": word}, 3).tolist() == expected
    header = delimiter.join(["y", "a", "b"]).encode()
    for said in ({}, {"delim": words[0]}):
        assert read_named(header + b"\n" + text, **said) == ([["a", "b"]], expected)
        named = {"header": "present", **said}
        assert decode_body("text/csv", header + b"\n" + text, named, 3).tolist() == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"1;2,5;3\n", "row 1, column 2: expected a number, found '2,5': a number with a decimal comma. Write 2.5$"),
        (
            b"1;2,500;3\n",
            "row 1, column 2: .* found '2,500': a number with a comma. Write 2500, or 2.500 if the comma is",
        ),
        (b"1;2;3\n4;5\n", r"row 2: expected 3 \(a label and 2 features\) columns, found 2"),
        (b"1;2;\n", "row 1, column 3: .* the line ends in a semicolon. Remove it if all lines end in one"),
        (b"1;2;3\n4;5;6;;\n", "row 2: .* found 5: the line ends in 2 semicolons. Remove them"),
        (b"1,2,3\n", "found one column, '1,2,3'. Its columns are separated by commas, not by semicolons"),
        (b"1;x\n", "row 1, column 2: expected a number, found 'x'"),
    ],
)
def test_what_is_wrong_in_fields_that_are_separated_otherwise_is_told_as_it_is_written(
    text: bytes, message: str
) -> None:
    with pytest.raises(DecodeError, match=message):
        read(text, delimiter="semicolon")


def test_an_index_without_a_name_keeps_its_column_where_tabs_separate() -> None:
    told: list[list[str]] = []
    options = DecodeOptions(lambda names: told.append([*names]))
    list(csv.decode_blocks(BytesIO(b" \n\ty\ta\n0\t1\t2\n"), {"header": "present"}, None, options))
    assert told == [["", "y", "a"]]


def test_a_request_holds_features_only() -> None:
    assert decode_body("text/csv", b"1,2\n3,4", {}, 2).tolist() == [[1, 2], [3, 4]]
    assert decode_body("text/csv", b"9,1,2\n", {"label_size": "1"}, 2).tolist() == [[1, 2]]


@pytest.mark.parametrize("columns", [2, 100])
def test_a_request_may_begin_with_a_header_too(columns: int) -> None:
    header, row = ",".join(f"f{i}" for i in range(columns)), ",".join(map(str, range(columns)))
    body = f"{header}\n{row}\n{row}".encode()
    assert decode_body("text/csv", body, {"header": "present"}, columns).tolist() == [[*range(columns)]] * 2
    assert list(REQUEST_DECODERS["text/csv"](BytesIO(header.encode()), {"header": "present"}, columns)) == []
    with pytest.raises(DecodeError, match=r"record 3, column 1 \('f0'\): expected a number, found 'x'"):
        decode_body("text/csv", f"{header}\n{row}\nx{row[1:]}".encode(), {"header": "present"}, columns)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"a,b,c\n1,2\n", "record 1: expected 2 columns, found 3. Does it still hold the label?"),
        (b"1,2\n3,4\n", "record 1: expected names, as header=present in the content type says, found numbers"),
        (b"sep=,\na,b\n1,2\n", "record 1: expected names, found 'sep=,', which is for Excel. Remove the line"),
        (b"a,b1.5,23.5,4", r"record 1: expected 2 columns, found 4. Were line breaks lost, as by curl -d\?"),
        (b"a,b\nr1,1,2\n", "record 2: .* begin with an index that the header does not name. Then remove it$"),
    ],
)
def test_a_request_without_its_header_loses_no_record(body: bytes, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        decode_body("text/csv", body, {"header": "present"}, 2)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"1,2\n3\n", "record 2: expected 2 columns, found 1"),
        (
            b"0,1,2\n",
            r"record 1: expected 2 columns, found 3. Does it still hold the label\? Send features only, no id or index",
        ),
        (
            b"A17,1,2\n",
            r"record 1: expected 2 columns, found 3. Is the first, 'A17', an id or index\? Send features only",
        ),
        (b"1,2,\n", "record 1: expected 2 columns, found 3: the line ends in a comma. Remove the comma"),
        (b"1;2\n", "record 1: expected 2 columns, found 1, '1;2'. Columns must be separated by commas, not by ';'"),
        (
            b"1,5,2,5\n",
            r"record 1: expected 2 columns, found 4. Is there a decimal comma or a thousands separator\? Write 1.5 for",
        ),
        (b"1,2\n3,nan\n", "record 2, column 2: expected a number, found 'nan': a missing value"),
        (b"0,1,2\n", "or say 'text/csv;label_size=1' if the label comes first"),
        (
            b",".join([b"1.5"] * 901),
            r"record 1: expected 2 columns, found 901. Were line breaks lost, as by curl -d\? Send the body by --data",
        ),
        (b"1.5,2.51.5,2.5", r"record 1: expected 2 columns, found 3. Were line breaks lost, as by curl -d\?"),
        (b"1,2\n1.5,2.51.5,2.51.5,2.5\n", "record 2: expected 2 columns, found 4$"),
        (b"sep=,\n1,2\n", "record 1: expected numbers, found 'sep=,', which is for Excel. Remove the line"),
    ],
)
def test_a_bad_request_is_named_by_record(body: bytes, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        decode_body("text/csv", body, {}, 2)


def test_answers_are_lines_without_a_header() -> None:
    score = np.array([0.98997735977172851562, 0.25], np.float32)
    assert csv.encode_answer({"score": score}) == b"0.9899773597717285\n0.25\n"
    assert csv.encode_answer({"score": score, "predicted_label": np.array([1, 0])}) == b"0.9899773597717285,1\n0.25,0\n"
    three = np.array([[0.5, 0.25, 0.25]], np.float32)
    assert csv.encode_answer({"score": three, "predicted_label": np.array([0])}) == b"0.5,0.25,0.25,0\n"


@pytest.mark.parametrize(
    "text",
    [
        b"label,0,1,2\n1,0.5,0.2,0.3\n",
        b",0,1,2\n0,1,0.5,0.2\n",
        b"y,1\n0,1\n",
        b"label,0,1,2\n",
    ],
)
def test_a_header_whose_names_are_numbers_is_known_for_one(text: bytes) -> None:
    assert isinstance(found := outcome(text), str)
    assert found.startswith("row 1, column 1: expected a number, found ")
    assert found.endswith(". Is this a header row? Then set the content type to 'text/csv;header=present'")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (b"x,5,7\ny,1,2\n", "write classes as numbers, 0, 1 and so on; if this is a header row, set the content type"),
        (b"1,5,7\ny,1,2\n", "write classes as numbers, 0, 1 and so on"),
        (b"NA,5,7\n1,1,2\n", "missing value"),
        (b",5,7\n1,1,2\n", "missing value"),
    ],
)
def test_a_row_whose_label_is_no_number_is_not_taken_for_one(text: bytes, advice: str) -> None:
    assert isinstance(found := outcome(text), str)
    assert advice in found


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (b"y a b\n1 2 3\n", "Are its columns separated by blanks?"),
        (b'"y,a"\n"1,2"\n', "Quotes stand around the whole row: remove them"),
    ],
)
def test_a_header_of_one_field_is_told_what_separates_its_columns(text: bytes, advice: str) -> None:
    with pytest.raises(
        DecodeError, match="row 1: expected a label and at least one feature, found one column"
    ) as error:
        read(text, header="present")
    assert advice in str(error.value)
    with pytest.raises(DecodeError) as error:
        decode_body("text/csv", text, {"header": "present"}, 3)
    assert advice in str(error.value)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_row_that_is_the_same_as_a_short_header_of_numbers_stays_one_and_is_told(end: str) -> None:
    warned: list[str] = []
    text = end.join(["2018,2019", "1,2", "2018,2019", "3,4", ""]).encode()
    guide = DecodeOptions(lambda names: range(len(names)), warn=warned.append)
    blocks = list(csv.decode_blocks(BytesIO(text), {"header": "present"}, None, guide))
    assert [float(label) for _, y in blocks for label in y] == [1, 2018, 3]
    assert [text for text in warned if "the same as the header" in text] == [
        "a row is the same as the header of numbers. If it is the header again, remove it; it stays a row"
    ]


def choose_from(seen: list[Any], shift: list[float] | None) -> DecodeOptions:
    """Options that note the sample and subtract what is given."""

    def choose(sample: Callable[[], Any]) -> Any:
        seen.append(sample())
        return None if shift is None else np.array(shift)

    return DecodeOptions(lambda names: range(len(names)), choose)


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("header", ["", "y,a,b\n"])
def test_what_is_subtracted_is_chosen_on_the_first_features_before_they_are_rounded(quote: str, header: str) -> None:
    seen: list[Any] = []
    text = f"{header}1,16777217,{quote}0.1{quote}\n0,16777219,1.5\n".encode()
    parameters = {"header": "present"} if header else {}
    ((X, y),) = csv.decode_blocks(BytesIO(text), parameters, None, choose_from(seen, [2.0**24, 0.0]))
    assert (X.tolist(), y.tolist()) == ([[1, np.float32(0.1)], [3, 1.5]], [1, 0])
    assert [sample.tolist() for sample in seen] == [[[16777217, 0.1], [16777219, 1.5]]]


@pytest.mark.parametrize("text", [b"", b"\n \n", b"1,nan\n2,3\n", b"1,x\n2,3\n", b'1,"inf"\n2,3\n'])
def test_there_is_no_sample_where_there_are_no_rows_or_some_are_no_numbers(text: bytes) -> None:
    seen: list[Any] = []
    with suppress(DecodeError):
        list(csv.decode_blocks(BytesIO(text), {}, None, choose_from(seen, None)))
    assert seen == [None]


def test_the_sample_is_a_quarter_of_a_megabyte_of_whole_rows() -> None:
    seen: list[Any] = []
    row = b"1,2.5,3.5,4.5\n"
    list(csv.decode_blocks(BytesIO(row * 100_000), {}, None, choose_from(seen, None)))
    assert len(row) * (len(seen[0]) - 1) <= 2**18 < len(row) * (len(seen[0]) + 1)


def test_the_sample_has_no_copy_of_the_header_among_its_rows() -> None:
    seen: list[Any] = []
    years, row = ",".join(map(str, range(2001, 2010))), ",".join("123456789")
    text = f"{years}\n{row}\n{years}\n{row}\n".encode()
    list(csv.decode_blocks(BytesIO(text), {"header": "present"}, None, choose_from(seen, None)))
    assert [sample.tolist() for sample in seen] == [[[*range(2, 10)]] * 2]


def test_without_labels_every_column_is_a_feature_unless_a_label_is_said_to_come_first() -> None:
    options = DecodeOptions(labelled=False)
    ((X, y),) = csv.decode_blocks(BytesIO(b"1,2\n3,4\n"), {}, 2, options)
    assert (X.tolist(), y.shape) == ([[1, 2], [3, 4]], (2, 0))
    ((X, y),) = csv.decode_blocks(BytesIO(b"9,1,2\n9,3,4\n"), {"label_size": "1"}, 2, options)
    assert (X.tolist(), y.shape) == ([[1, 2], [3, 4]], (2, 0))


@pytest.mark.parametrize("row", [b"1,2,3", b"1", b'1,"2",3'])
def test_a_row_of_another_width_is_refused_in_whichever_block_it_is(row: bytes) -> None:
    with blocks_of(4), pytest.raises(DecodeError, match=rf"row 3: expected 2 .* columns, found {row.count(b',') + 1}"):
        read(b"1,2\n3,4\n" + row + b"\n")
