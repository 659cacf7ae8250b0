"""text/csv: numbers in, label first, and every fault with its row and column."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from container.codecs import csv
from container.errors import DecodeError


def read(text: bytes, **parameters: str) -> list[list[float]]:
    return [
        [float(label), *row]
        for X, y in csv.decode_blocks(BytesIO(text), parameters, None)
        for row, label in zip(X.tolist(), y, strict=True)
    ]


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


@settings(max_examples=50, deadline=1000)
@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 20), st.integers(2, 6)),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    )
)
def test_any_matrix_reads_back_equal(table: np.ndarray) -> None:  # type: ignore[type-arg]
    text = csv.encode({f"column_{i}": column for i, column in enumerate(table.T)})
    assert read(text) == table.tolist()


def test_blocks_end_with_whole_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv, "_TEXT_BYTES", 7)
    text = b"".join(b"%d,%d\n" % (i, 10 * i) for i in range(50))
    assert read(text) == [[i, 10 * i] for i in range(50)]
    with pytest.raises(DecodeError, match=r"row 51, column 2: expected a number, found 'x'"):
        read(text + b"1,x\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"label,age,sex\n1,2,3\n", "row 1, column 1: expected a number, found 'label'. Is this a header row?"),
        (b"1,2\n\n3,abc\n", "row 3, column 2: expected a number, found 'abc'. Write categories as numbers"),
        (b"yes,2\nno,3\n", "row 1, column 1: expected a number, found 'yes'. Column 1 is the label"),
        (b"1,2\n3,NaN\n", "row 2, column 2: .* found 'NaN': a missing value. Remove rows with missing values"),
        (b"1,2\n3,\n", "row 2, column 2: expected a number, found '': a missing value"),
        (b"1,2\n3,-inf\n", "row 2, column 2: .* found '-inf': an infinite value"),
        (b"1,2\n3,1e39\n", "row 2, column 2: .* found '1e39', which is too large for a 32-bit float"),
        (b"1,2\n3,1_0\n", "row 2, column 2: expected a number, found '1_0'"),
        (b"1;2;3\n", "row 1, column 1: .* Columns must be separated by commas, not by ';'"),
        (b"1,2,3\n4,5\n", r"row 2: expected 3 \(a label and 2 features\) columns, found 2"),
        (b"1,2\n3," + b"x" * 200_000, "row 2: expected numbers separated by commas: field larger than"),
        (b"1,2\n" + b"3," + b"x" * 200, f"found '{'x' * 80}'. Write"),
        (b"1\n0\n", "row 1: expected a label and at least one feature, found one column: '1'; is the label missing?"),
    ],
)
def test_a_fault_is_named_with_its_place_and_likely_cause(text: bytes, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        read(text)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"label_size": "2"}, "expected label_size=0 or label_size=1 in the content type, found '2'"),
        ({"charset": "utf-16"}, "charset 'utf-16' in the content type is not supported"),
        ({"charset": "klingon"}, "charset 'klingon' in the content type is not supported"),
    ],
)
def test_a_parameter_that_cannot_be_followed_is_named(parameters: dict[str, str], message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        read(b"1,2\n", **parameters)


def test_a_request_holds_features_only() -> None:
    assert csv.decode(b"1,2\n3,4", {}, 2).tolist() == [[1, 2], [3, 4]]
    assert csv.decode(b"9,1,2\n", {"label_size": "1"}, 2).tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"1,2\n3\n", "record 2: expected 2 columns, found 1"),
        (b"0,1,2\n", "record 1: expected 2 columns, found 3. Does it still hold the label?"),
        (b"1,2\n3,nan\n", "record 2, column 2: expected a number, found 'nan': a missing value"),
    ],
)
def test_a_bad_request_is_named_by_record(body: bytes, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        csv.decode(body, {}, 2)


def test_answers_are_lines_without_a_header() -> None:
    score = np.array([0.98997735977172851562, 0.25], np.float32)
    assert csv.encode({"score": score}) == b"0.9899773597717285\n0.25\n"
    assert csv.encode({"score": score, "predicted_label": np.array([1, 0])}) == b"0.9899773597717285,1\n0.25,0\n"
    three = np.array([[0.5, 0.25, 0.25]], np.float32)
    assert csv.encode({"score": three, "predicted_label": np.array([0])}) == b"0.5,0.25,0.25,0\n"
