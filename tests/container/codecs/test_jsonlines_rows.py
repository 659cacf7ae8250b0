"""application/jsonlines in training: objects of columns, lists with the label first, records of features."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest

from container.codecs import lines
from container.codecs.jsonlines_rows import RowForm, decode_blocks, decode_columns, detect_form
from container.contract.errors import DecodeError
from container.rows.blocks import DecodeOptions
from container.rows.raw import TableOptions
from open_algorithms.learning.rows.csr import Csr, as_dense

OBJECTS = '{"y": 1, "a": 2.5, "b": -3}\n\n{"b": 6, "y": 0, "a": 5}\n'
LISTS = "[1, 2.5, -3]\r\n[0, 5, 6]"
RECORDS = '{"features": [2.5, -3], "label": 1}\n{"label": 0, "data": {"features": {"values": [5, 6]}}}\n'
SPARSE = (
    '{"data": {"features": {"keys": [0, 1], "values": [2.5, -3], "shape": [2]}}, "label": 1}\n'
    '{"features": [5, 6], "label": 0}\n'
)


def read(text: str, options: DecodeOptions | None = None, features: int | None = None) -> list[list[float]]:
    blocks = decode_blocks(BytesIO(text.encode()), {}, features, options or DecodeOptions())
    return [
        [*([float(label)] if y.ndim == 1 else []), *row]
        for X, y in blocks
        for row, label in zip(as_dense(X).tolist(), y, strict=True)
    ]


def read_table(text: str, options: TableOptions | None = None) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for rows in decode_columns(BytesIO(text.encode()), {}, options or TableOptions()):
        for name, values in rows.columns.items():
            found.setdefault(name, []).extend(values.to_pylist())
    return found


@pytest.mark.parametrize("text", [OBJECTS, LISTS, RECORDS, SPARSE, "\ufeff" + LISTS])
@pytest.mark.parametrize("size", [1 << 22, 7])
def test_every_form_gives_the_same_rows(text: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_TEXT_BYTES", size)
    assert read(text) == read(text, features=2) == [[1, 2.5, -3], [0, 5, 6]]


def test_sparse_records_stay_sparse() -> None:
    (X, _), *_ = decode_blocks(BytesIO(SPARSE.encode()), {}, None)
    assert isinstance(X, Csr)
    assert X.shape == (2, 2)


def test_columns_are_arranged_by_name_and_shifted_before_they_are_rounded() -> None:
    options = DecodeOptions(lambda names: [names.index(name) for name in ("y", "b", "a")])
    assert read(OBJECTS, options) == [[1, -3, 2.5], [0, 6, 5]]
    times = "".join(f'{{"y": 0, "t": {1_600_000_000 + i}}}\n' for i in range(3))
    assert read(times, DecodeOptions(choose_shift=lambda sample: np.array([1.6e9]))) == [[0, 0], [0, 1], [0, 2]]


def test_rows_without_labels_are_all_features() -> None:
    unlabelled = DecodeOptions(labelled=False)
    assert read("[1, 2]\n", unlabelled) == [[1, 2]]
    assert read('{"features": [1, 2]}\n', unlabelled) == [[1, 2]]


def test_a_table_has_the_columns_that_rows_name_and_gaps_where_they_do_not() -> None:
    text = '{"a": 1, "b": "x"}\n{"b": null, "c": true}\n{"a": 12345678901234567890, "c": false}\n'
    assert read_table(text) == {
        "a": ["1", None, "12345678901234567890"],
        "b": ["x", None, None],
        "c": [None, "true", "false"],
    }
    assert read_table('{"a": 1}\n{"b": 2}\n') == {"a": [1, None], "b": [None, 2]}
    assert read_table('{"a": 1.5, "b": 2}\n', TableOptions(text_names={"a"}, wanted={"a"})) == {"a": ["1.5"]}


def test_columns_that_come_late_are_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_TEXT_BYTES", 10)
    told: list[str] = []
    assert read_table('{"a": 1}\n{"a": 2, "b": 3}\n', TableOptions(warn=told.append)) == {"a": [1, 2]}
    assert told == ["columns that only later rows have are left out: 'b'"]


def test_of_numbers_a_column_that_comes_late_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_TEXT_BYTES", 20)
    text = '{"y": 1, "a": 2, "id": 7}\n' * 3
    only_a = DecodeOptions(lambda names: [names.index(name) for name in ("y", "a")])
    assert read(text, only_a) == [[1, 2]] * 3
    with pytest.raises(DecodeError, match=r"none of the first rows has: 'b'\. Give every row all columns") as caught:
        read(text + '{"y": 1, "a": 2, "b": 3}\n')
    assert caught.value.location == ("row 4",)


def test_lists_have_the_names_that_they_are_given() -> None:
    options = TableOptions(name_columns=lambda count: ["x", "y", "z"][:count])
    assert read_table('[1, "u", null]\n[2, "v", 3]\n', options) == {"x": [1, 2], "y": ["u", "v"], "z": [None, 3]}
    with pytest.raises(DecodeError, match="row 1: expected objects of columns, which have names, found lists"):
        read_table("[1]\n")


@pytest.mark.parametrize(
    ("line", "form"),
    [
        (b'\n{"a": 1}\n[1]', RowForm.NAMED),
        (b'{"features": "many", "a": 1}', RowForm.NAMED),
        (b'{"features": [1]}', RowForm.RECORDS),
        (b'{"features": {"a": 1}}', RowForm.RECORDS),
        (b'{"label": 1, "data": {"features": {"values": [1]}}}', RowForm.RECORDS),
        (b"\xef\xbb\xbf [1, 2", RowForm.LISTED),
        (b"[1]", RowForm.LISTED),
        (b"", RowForm.NAMED),
        (b"x", RowForm.NAMED),
    ],
)
def test_the_first_line_tells_what_lines_are(line: bytes, form: RowForm) -> None:
    assert detect_form(line) is form


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]\n[1]\n", "row 2: expected 2 values, as the first line has, found 1"),
        ("[1, 2]\n\n[1, null]\n", "row 2, column 'f0': expected a number, found a missing value. Remove"),
        ('[1, 2]\n[1, "x"]\n', "row 2, column 'f0': expected a number, found 'x'. Write categories as numbers"),
        ('[1, 2]\n[1, "1,5"]\n', "row 2, column 'f0': expected a number, found '1,5': a number with a decimal comma"),
        ("[1, 2]\n[1, [2]]\n", r"row 2, column 'f0': expected a number, a text, true, false or null, found \[2\]"),
        ('[1, 2]\n{"a": 1}\n', "row 2: expected one of lists of values, as the first line is, found "),
        ('{"a": 1, "b": 2}\n[1, 2]\n', "row 2: expected one of objects of columns, as the first line is, found "),
        ('{"y": 1, "b": 2}\n{"y": 1}\n', "row 2, column 'b': expected a number, found a missing value"),
        ("[1]\n", "row 1: expected a label and at least one feature; the label comes first"),
        ('{"features": [1]}\n', r"row 1: expected a number as the label, as in .*, found null"),
        ('{"features": [1], "label": "yes"}\n', 'row 1: expected a number as the label, as in .*, found "yes"'),
        ('{"features": [1], "label": 1}\n{"features": [1, 2], "label": 1}\n', "record 2: "),
        ("[1, 2]\n[1, 2\n", "row 2.*: not JSON"),
        ("[1, 1e39]\n", "row 1, column 'f0': expected a number that a 32-bit float can hold, found '1e\\+39'"),
        ("1,2\n", "row 1.*: not JSON"),
    ],
)
def test_what_is_wrong_is_named_with_its_row(text: str, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        read(text)


def test_nothing_is_no_row() -> None:
    assert read("\n \n") == []
    assert read_table("") == {}
