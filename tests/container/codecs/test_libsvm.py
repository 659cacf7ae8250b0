"""text/libsvm: sparse rows in, and every fault with its row and column."""

from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from container.codecs import libsvm
from container.codecs.text.decimals import read_decimal, read_decimals
from container.contract.errors import DecodeError
from open_algorithms.learning.rows.csr import Csr
from tests.chance import draw_examples
from tests.container.bodies import decode_body

Rows = list[tuple[float, dict[int, float]]]

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
ROWS = st.lists(st.tuples(FLOATS, st.dictionaries(st.integers(1, 2**31 - 1), FLOATS, max_size=5)), max_size=8)
SPELLINGS = st.sampled_from(["{!r}", "{:.9g}", "{:+.8e}", "{:.20g}"])
BLANKS = st.sampled_from([" ", "\t", "  "])
ENDS = st.sampled_from(["\n", "\r\n", " \n", "\n\n", "\n# qid:3\n", " # comment, by hand\n", "\r"])


@pytest.fixture(autouse=True, scope="module", params=[0, libsvm._FEW_BYTES], ids=["at once", "line by line"])
def _few_bytes(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(libsvm, "_FEW_BYTES", request.param)
        yield


def pairs(X: Csr) -> list[dict[int, float]]:
    """The rows as index from 1 -> value."""
    assert X.indptr[-1] == len(X.indices) == len(X.data)
    assert [part.dtype.name for part in X[:3]] == ["float32", "int32", "int64"]
    rows = [slice(*bounds) for bounds in zip(X.indptr[:-1], X.indptr[1:], strict=True)]
    assert all((np.diff(X.indices[row]) > 0).all() for row in rows)
    return [dict(zip((X.indices[row] + 1).tolist(), X.data[row].tolist(), strict=True)) for row in rows]


def read(text: bytes) -> Rows:
    rows: Rows = []
    for X, y in libsvm.decode_blocks(BytesIO(text), {}, None):
        assert isinstance(X, Csr)
        assert X.shape == (len(y), None)
        assert y.dtype == np.float32
        rows += zip(y.tolist(), pairs(X), strict=True)
    return rows


@pytest.mark.parametrize(
    "text",
    [
        b"1 1:0.5 3:2\n-1\n0 2:1e1\n",
        b"+1 3:2 1:.5\r\n-1.0\r\n0 02:10.",
        b"\xef\xbb\xbf1 1:0.5 3:2 \n\n  \n-1\n0 2:10\n\n",
        b"# made by hand\n1 1:0.5 3:2 # the first: 1:7\n-1#\n0\t2:10",
        b"1 1:0.5 3:2\r-1\r0 2:10\r",
    ],
)
def test_the_usual_variants_read_alike(text: bytes) -> None:
    assert read(text) == [(1, {1: 0.5, 3: 2}), (-1, {}), (0, {2: 10})]


@draw_examples(100)
@given(ROWS, SPELLINGS, BLANKS, ENDS)
def test_any_sparse_matrix_reads_back_equal_at_once_and_line_by_line(
    rows: Rows, spelling: str, blank: str, end: str
) -> None:
    lines = [
        blank.join([spelling.format(label), *(f"{index}:{spelling.format(value)}" for index, value in row.items())])
        for label, row in rows
    ]
    text = "".join(line + end for line in lines).encode()
    assert read(text) == rows
    fast = libsvm._read_plain_lines(text, None, True)
    slow = libsvm._read_each_line(text.splitlines(), "row", 1, None, True)
    assert fast is not None
    assert [column.tobytes() for column in fast] == [column.tobytes() for column in slow]


@draw_examples(200)
@given(st.data())
def test_any_mutation_is_refused_or_read_as_line_by_line(data: st.DataObject) -> None:
    text = bytearray(b"1 1:0.5 30:-2e-1\n-1 7:1\r\n0\n# comment\n2.5 2:10 1:3")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        text[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.one_of(st.binary(max_size=2), st.text(" :\r\n#.-+e019qidnaf", max_size=3).map(str.encode))
        )
    try:
        rows = read(bytes(text))
    except DecodeError:
        return
    slow = libsvm._read_each_line(bytes(text).removeprefix(b"\xef\xbb\xbf").splitlines(), "row", 1, None, True)
    assert [label for label, _ in rows] == slow.labels.tolist()
    assert [value for _, row in rows for value in row.values()] == slow.values.tolist()


@draw_examples(300)
@given(
    st.lists(
        st.one_of(
            st.from_regex(r"[+-]?[0-9]{0,30}(\.[0-9]{0,30})?([eE][+-]?[0-9]{1,4})?", fullmatch=True),
            st.floats(allow_nan=False).map(repr),
            st.text("0123456789+-.eE", min_size=1),
        ).filter(bool),
        min_size=1,
    )
)
def test_numbers_read_at_once_are_the_same_bits_as_read_alone(tokens: list[str]) -> None:
    text = " ".join(tokens).encode()
    stops = np.cumsum([len(token) + 1 for token in tokens]) - 1
    starts = stops - [len(token) for token in tokens]
    alone = np.array([read_decimal(token.encode()) for token in tokens], np.float32)
    np.testing.assert_array_equal(read_decimals(text, starts, stops).view(np.uint32), alone.view(np.uint32))


def test_a_number_between_two_floats_is_rounded_as_python_and_numpy_do() -> None:
    # 1 + 2**-24 lies in the middle of two 32-bit floats, and the digits far behind decide
    tokens = ["1.000000059604644775390625", "1.00000005960464477539062500001", "16777217", "16777219", "1e-46", "-0"]
    expected = [float(np.float32(float(token))) for token in tokens]
    assert [label for label, _ in read("\n".join(tokens).encode())] == expected


def test_rows_are_counted_through_the_pieces_of_a_large_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libsvm, "_PIECE_BYTES", 20)
    text = b"".join(b"%d %d:%d\r\n\n" % (i, i + 1, 10 * i) for i in range(50))
    assert read(text) == [(i, {i + 1: 10 * i}) for i in range(50)]
    with pytest.raises(DecodeError, match="row 101, column 2: expected index:value, found 'x'"):
        read(text + b"1 x\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"1 1:2\n1 0:5\n", "row 2, column 2: .* found '0:5', but indices count from 1. Add 1 to the indices"),
        (b"1 5:1 7:2 5:3\n", "row 1, column 4: index 5 comes twice in the row"),
        (b"1 2147483648:1\n", "row 1, column 2: .* whose index is beyond the largest one possible, 2147483647"),
        (b"1 " + b"9" * 9000 + b":1\n", "row 1, column 2: .* whose index is beyond"),
        (b"1 -3:1\n", "row 1, column 2: .* found '-3:1', whose index is not a whole number"),
        (b"1 1.5:1\n", "row 1, column 2: .* found '1.5:1', whose index is not a whole number"),
        (b"1 3:\n", "row 1, column 2: .* found '3:', whose value is missing"),
        (b"1 1:2 3 :4\n", "row 1, column 3: expected index:value, found '3'"),
        (b"1 1:2:3\n", "row 1, column 2: .* found '1:2:3', whose value is not a number"),
        (b"1 3:nan\n", "row 1, column 2: .* found '3:nan': a missing value. Remove rows"),
        (b"1 3:-Inf\n", "row 1, column 2: .* found '3:-Inf': an infinite value"),
        (b"1 3:1e39\n", "row 1, column 2: .* found '3:1e39', which is too large for a 32-bit float"),
        (b"1 3:abc\n", "row 1, column 2: .* whose value is not a number. Write categories as numbers"),
        (b"3 qid:1 1:2\n", "row 1, column 2: .* found 'qid:1': rows are not ranked within queries. Remove the qid"),
        (b"1:2 3:4\n", "row 1, column 1: expected a label, found '1:2'. Is the label missing?"),
        (b"1:2 3:4\n", "It comes first in every row. Instance weights, label:weight, are not supported"),
        (
            b"1:0.5 1:2 3:4\n",
            "column 1: expected a label, found '1:0.5'. Is '1:0.5' label:weight\\? Instance weights are",
        ),
        (
            b"-1:0.5 1:2\n",
            "column 1: .* Is '-1:0.5' label:weight\\? Instance weights are not supported: write the label",
        ),
        (b"0:2 1:2\n", "column 1: expected a label, found '0:2'. Is '0:2' label:weight\\?"),
        (b"2.5:1\n", "column 1: expected a label, found '2.5:1'. Is '2.5:1' label:weight\\?"),
        (b"yes 1:2\n", "row 1, column 1: expected a label, found 'yes'. Write classes as numbers, 0, 1 and so on"),
        (b"nan 1:2\n", "row 1, column 1: expected a label, found 'nan': a missing value"),
        (b"1,3 1:2\n", "row 1, column 1: expected a label, found '1,3'. A row has one label"),
        (b"1,2,3\n", "row 1, column 1: expected a label, found '1,2,3'. Is this CSV\\? Then set .* to text/csv"),
        (b"1, 2, 3\n", "row 1, column 1: expected a label, found '1,'. Is this CSV\\?"),
        (b"label age\n1 1:2\n", "row 1, column 1: expected a label, found 'label'. Is this a header row\\?"),
        (b"1 2 3\n", "row 1, column 2: expected index:value, found '2'. Is this text/libsvm\\? Its rows are written"),
        (b"1 1:2\n1 3:" + b"x" * 200, "row 2, column 2: .* found '3:" + "x" * 78 + "', whose"),
        (b'{"features": [1]}\n', "expected text/libsvm, found JSON, which is read as application/jsonlines only"),
        (
            b"\x1f\x8b\x08\x00",
            "expected text/libsvm, found gzip-compressed data, which is read in File and FastFile mode only",
        ),
        (b"\xff\xfe1\x00 \x00", "expected text/libsvm, found text in UTF-16. Save it as UTF-8"),
    ],
)
def test_a_fault_is_named_with_its_place_and_likely_cause(text: bytes, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        read(text)


def test_a_request_may_hold_labels_and_need_not() -> None:
    X = decode_body("text/libsvm", b"1:0.5 5:2\n9 2:7\n\n3\n4:1 3:2\n", {}, 5)
    assert X.shape == (4, 5)
    assert pairs(X) == [{1: 0.5, 5: 2}, {2: 7}, {}, {3: 2, 4: 1}]
    assert decode_body("text/libsvm", b"\xef\xbb\xbf", {}, 5).shape == (0, 5)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"1:2\n1:1 6:2\n", "record 2, column 2: .* found '6:2', whose index is beyond the 5 features of the model"),
        (b"1:2 7 3:4\n", "record 1, column 2: expected index:value, found '7'"),
        (b"hello", "record 1, column 1: expected a label, found 'hello'"),
        (
            b"1:0.5 1:2 3:4\n",
            "column 2: index 1 comes twice in the row. Is '1:0.5' label:weight\\? Instance weights are not",
        ),
        (
            b"-1:0.5 1:2\n",
            "column 1: .* found '-1:0.5', whose index is not a whole number. Is '-1:0.5' label:weight\\?",
        ),
    ],
)
def test_a_bad_request_is_named_by_record(body: bytes, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        decode_body("text/libsvm", body, {}, 5)
