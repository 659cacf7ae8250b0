"""application/x-parquet: columns of numbers in, the first one the label, every fault with its column and row."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from gzip import GzipFile
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pyarrow import parquet as pq

from container.codecs import parquet
from container.codecs.registry import CODECS
from container.contract.errors import DecodeError
from container.rows.blocks import DecodeOptions
from tests.chance import draw_examples

KINDS = [np.float32, np.float64, np.float16, np.int8, np.int64, np.uint64, np.bool_]


def write(columns: dict[str, Any], **options: Any) -> bytes:
    file = BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    return file.getvalue()


def read(data: bytes, features: int | None = None) -> list[list[float]]:
    return [
        [float(label), *row]
        for X, y in parquet.decode_blocks(BytesIO(data), {}, features)
        for row, label in zip(X.tolist(), y, strict=True)
    ]


def numbers(kind: np.dtype[Any]) -> st.SearchStrategy[Any]:
    return hnp.from_dtype(kind, allow_nan=False, allow_infinity=False).filter(
        lambda number: -1e38 < float(number) < 1e38
    )


@st.composite
def tables(draw: st.DrawFn) -> list[Any]:
    rows = draw(st.integers(1, 20))
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=2, max_size=5))
    return [draw(hnp.arrays(kind, rows, elements=numbers(np.dtype(kind)))) for kind in kinds]


@draw_examples(50)
@given(
    tables(), st.integers(1, 25), st.sampled_from(["none", "snappy", "zstd", "gzip"]), st.sampled_from(["1.0", "2.0"])
)
def test_any_table_of_numbers_reads_back_as_float32(
    columns: list[Any], group: int, compression: str, version: str
) -> None:
    data = write(
        {f"c{i}": column for i, column in enumerate(columns)},
        row_group_size=group,
        compression=compression,
        data_page_version=version,
    )
    assert read(data) == np.column_stack([column.astype(np.float32) for column in columns]).tolist()


def test_blocks_are_of_a_bounded_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(parquet, "BLOCK_BYTES", 1000)
    table = np.arange(3000, dtype=np.float32).reshape(1000, 3)
    (tmp_path / "a.parquet").write_bytes(write(dict(zip("yab", table.T, strict=True)), row_group_size=400))
    with (tmp_path / "a.parquet").open("rb", buffering=0) as stream:
        blocks = list(parquet.decode_blocks(stream, {}, 2))
    assert max(len(y) for _, y in blocks) == 83
    assert all(X.flags.c_contiguous and X.dtype == y.dtype == np.float32 for X, y in blocks)
    assert np.array_equal(np.concatenate([np.column_stack([y, X]) for X, y in blocks]), table)


def test_the_columns_after_the_label_are_the_names_of_the_features() -> None:
    told: list[list[str]] = []
    data = write({"y": [1, 0], 'a, "b"': [1, 2], "größe": [3, 4]}, row_group_size=1)
    list(parquet.decode_blocks(BytesIO(data), {}, None, DecodeOptions(lambda names: told.append([*names[1:]]))))
    assert told == [['a, "b"', "größe"]]


def test_decimals_are_numbers() -> None:
    assert read(write({"y": [1, 0], "price": [Decimal("9.75"), Decimal("-0.5")]})) == [[1, 9.75], [0, -0.5]]


def test_a_file_without_rows_is_no_fault() -> None:
    assert read(write({"y": [], "a": []}), features=7) == []


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"y": [1, 0], "a": [1.5, None]}, "row 2, column 'a': a missing value. Remove rows with missing values"),
        (
            {"y": [1.0, float("nan")], "a": [1, 2]},
            "row 2, column 'y': expected a number .* found nan. Remove or replace",
        ),
        ({"y": [1, 0], "a": [1.0, 1e39]}, "row 2, column 'a': .* a 32-bit float can hold, found 1e[+]39"),
        (
            {"y": ["no"], "a": [1], "b": ["x"], "c": ["z"]},
            "column 'y': expected numbers, found the type string. Write categories as numbers. This column is the "
            "label. Nor are there numbers in 'b', 'c'$",
        ),
        (
            {"y": [0], "a": [[1.0]]},
            "column 'a': .* found the type list<element: double>. Write every number as a column",
        ),
        ({"y": [0], "a": [{"b": 1}]}, "column 'a': .* found the type struct<b: int64>. Write every number as a column"),
        ({"y": [0]}, "expected a label and at least one feature, found 1 column. The label comes first"),
        ({"y": [0], "a": [1], "b": [2]}, r"expected 2 \(a label and 1 features\) columns, found 3"),
    ],
)
def test_a_fault_is_named_with_its_column_and_row(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        read(write(columns), features=1)


def test_rows_are_counted_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "BLOCK_BYTES", 80)
    with pytest.raises(DecodeError, match="row 31, column 'a': a missing value"):
        read(write({"y": [0] * 40, "a": [1] * 30 + [None] * 10}))


def pipe(data: bytes) -> BinaryIO:
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    return open(reader, "rb", buffering=0)


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (pipe(b"PAR1"), "Parquet cannot be read in Pipe mode: set TrainingInputMode to File or FastFile"),
        (GzipFile(fileobj=BytesIO(b"")), "give the file without gzip"),
        (BytesIO(b"1,2\n"), "expected application/x-parquet, but the data looks like text/csv"),
        (BytesIO(b"PAR1 and no more"), "the file cannot be read .*: it is cut short or corrupt"),
    ],
)
def test_what_is_no_parquet_file_is_refused(stream: BinaryIO, message: str) -> None:
    with stream, pytest.raises(DecodeError, match=message):
        list(parquet.decode_blocks(stream, {}, None))


def test_parquet_is_read_and_not_written() -> None:
    assert CODECS["application/x-parquet"].encoding is None


def test_a_request_holds_features_alone_and_is_told_of_records() -> None:
    content = write({"a": [1, 3], "b": [2.5, 4.5]})
    assert [X.tolist() for X in parquet.decode_records(BytesIO(content), {}, 2)] == [[[1, 2.5], [3, 4.5]]]
    assert [*parquet.decode_records(BytesIO(b""), {}, 2)] == []
    with pytest.raises(DecodeError, match="record 2, column 'b': expected a number that a 32-bit float can hold"):
        list(parquet.decode_records(BytesIO(write({"a": [1, 2], "b": [1, 1e39]})), {}, 2))
    with pytest.raises(DecodeError, match="expected 3 columns, found 2"):
        list(parquet.decode_records(BytesIO(content), {}, 3))


VALID = [
    write({"y": [1, 0] * 20, "a": np.arange(40.0), "b": np.arange(40, dtype=np.float32)}, **options)
    for options in (
        {"compression": "none", "use_dictionary": False},
        {"row_group_size": 7},
        {"compression": "zstd", "data_page_version": "2.0", "store_schema": False},
    )
]


@draw_examples(300)
@given(
    st.sampled_from(VALID), st.lists(st.tuples(st.integers(0), st.binary(max_size=2), st.integers(0, 2)), min_size=1)
)
def test_a_damaged_file_is_read_or_refused(data: bytes, damages: list[tuple[int, bytes, int]]) -> None:
    for place, inserted, removed in damages:
        place %= len(data)
        data = data[:place] + inserted + data[place + removed :]
    with suppress(DecodeError):
        assert all(len(row) > 1 and np.isfinite(row).all() for row in read(data))


def test_an_empty_file_has_no_rows() -> None:
    assert read(b"") == []


def test_a_wide_table_is_read_without_holding_it() -> None:
    column = np.arange(200_000, dtype=np.float32)
    data = write({f"c{i}": column for i in range(40)}, use_dictionary=False, compression="none", data_page_size=8192)
    before = pa.total_allocated_bytes()
    blocks = parquet.decode_blocks(BytesIO(data), {}, None)
    next(blocks)
    assert pa.total_allocated_bytes() - before < len(data) // 2
    blocks.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"y": [0], "a": ["x"]}, "found the type string. Write categories as numbers"),
        ({"y": ["x"], "a": [1]}, "found the type string. Write categories as numbers. This column is the label"),
        (
            {"y": [0], "a": np.array(["2024-01-31"], "datetime64[D]")},
            "found the type date32[day]. Write dates and times as numbers, such as days since a fixed day",
        ),
        (
            {"y": [0], "a": ["x"], "b": ["z"]},
            "found the type string. Write categories as numbers. Nor are there numbers in 'b'",
        ),
    ],
)
def test_a_column_without_numbers_is_told_its_type_and_no_more(columns: dict[str, Any], problem: str) -> None:
    with pytest.raises(DecodeError) as refused:
        read(write(columns))
    assert refused.value.problem == f"expected numbers, {problem}"


def test_a_long_type_is_cut_after_eighty_characters() -> None:
    kind = f"struct<{'x' * 100}: int64>"
    with pytest.raises(DecodeError, match=f"found the type {kind[:80]}. Write every number as a column"):
        read(write({"y": [0], "a": [{"x" * 100: 1}]}))


def test_the_index_of_a_frame_is_left_out_whether_it_is_a_range_or_a_column() -> None:
    warned: list[str] = []
    table = pa.table({"y": [1, 0], "id": [7, 8], "a": [3, 4], "__index_level_1__": [5, 6]})
    described = {"index_columns": ["id", {"kind": "range", "name": None, "start": 0, "stop": 2, "step": 1}]}
    file = BytesIO()
    pq.write_table(table.replace_schema_metadata({b"pandas": json.dumps(described).encode()}), file)
    ((X, y),) = parquet.decode_blocks(BytesIO(file.getvalue()), {}, None, DecodeOptions(warn=warned.append))
    assert (X.tolist(), y.tolist()) == ([[3], [4]], [1, 0])
    assert warned == [
        f"the column '{name}' is the index of a pandas frame, and is left out" for name in ("id", "__index_level_1__")
    ]


def test_what_is_subtracted_is_chosen_on_the_first_features_before_they_are_rounded() -> None:
    large = 2.0**24
    data = write({"y": [1.0, 0.0], "a": [large + 1, large + 3], "b": [0.5, 1.5]})
    seen: list[Any] = []

    def choose(sample: Callable[[], Any]) -> Any:
        seen.append(sample())
        return np.array([large, 0.0])

    ((X, y),) = parquet.decode_blocks(BytesIO(data), {}, None, DecodeOptions(choose_shift=choose))
    assert (X.tolist(), y.tolist()) == ([[1, 0.5], [3, 1.5]], [1, 0])
    assert [sample.tolist() for sample in seen] == [[[large + 1, 0.5], [large + 3, 1.5]]]
    other = DecodeOptions(choose_shift=lambda sample: np.array([large]))
    ((X, _),) = parquet.decode_blocks(BytesIO(data), {}, None, other)
    assert X.tolist() == np.array([[large + 1, 0.5], [large + 3, 1.5]], np.float32).tolist()


def test_without_labels_every_column_is_a_feature() -> None:
    ((X, y),) = parquet.decode_blocks(BytesIO(write({"a": [1, 2], "b": [3, 4]})), {}, 2, DecodeOptions(labelled=False))
    assert (X.tolist(), y.shape) == ([[1, 3], [2, 4]], (2, 0))


def test_a_table_without_labels_needs_one_column_and_no_more() -> None:
    options = DecodeOptions(labelled=False)
    ((X, _),) = parquet.decode_blocks(BytesIO(write({"a": [1, 2]})), {}, 1, options)
    assert X.tolist() == [[1], [2]]
    with pytest.raises(DecodeError, match=r"^expected at least one feature, found 0 columns$"):
        list(parquet.decode_blocks(BytesIO(write({"__index_level_0__": [1]})), {}, None, options))
    with pytest.raises(DecodeError, match=r"^expected 2 columns, found 1$"):
        list(parquet.decode_blocks(BytesIO(write({"a": [1, 2]})), {}, 2, options))
