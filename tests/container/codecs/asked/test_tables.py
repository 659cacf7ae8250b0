"""Parquet of a table: columns of any type with single values, by name."""

import datetime
from contextlib import suppress
from decimal import Decimal
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet as pq

from container.codecs.parquet_table import decode_asked
from container.contract.errors import DecodeError
from tests.chance import draw_examples
from tests.container.asking import Table


def write(columns: dict[str, Any], names: list[str] | None = None) -> bytes:
    table = pa.table(list(columns.values()), names or list(columns))
    file = BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def read(content: bytes, table: Table | None = None) -> list[tuple[Any, ...]]:
    return (table or Table()).read(lambda asked: decode_asked(BytesIO(content), {}, asked))


WHEN = datetime.datetime(2018, 3, 15, 12, 30)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([1, None], pa.int8()), [1.0, None]),
        (pa.array([2**53, None], pa.int64()), [2.0**53, None]),
        (pa.array([2**53 + 1, None], pa.int64()), ["9007199254740993", None]),
        (pa.array([2**63, 1], pa.uint64()), ["9223372036854775808", "1"]),
        (pa.array([0.5, None], pa.float16()), [0.5, None]),
        (pa.array([0.5, np.nan], pa.float32()), [0.5, np.nan]),
        (pa.array([Decimal("1.50"), None]), [1.5, None]),
        (pa.array([True, None]), ["true", None]),
        (pa.array(["x", None], pa.large_string()), ["x", None]),
        (pa.array(["größe", None], pa.string_view()), ["größe", None]),
        (pa.array([b"x", None]), ["x", None]),
        (pa.array(["x", None]).dictionary_encode(), ["x", None]),
        (pa.array(["x", None]).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string())), ["x", None]),
        (pa.array([WHEN, None], pa.timestamp("us")), ["2018-03-15 12:30:00.000000", None]),
        (pa.array([WHEN.date(), None]), ["2018-03-15", None]),
        (pa.array([WHEN.time(), None]), ["12:30:00.000000", None]),
        (pa.nulls(2), [None, None]),
    ],
    ids=lambda values: str(getattr(values, "type", "")),
)
def test_values_of_each_type_are_numbers_or_texts(values: Any, expected: list[Any]) -> None:
    rows = read(write({"c": ["x", "z"], "other": [[1], [2]], "a": values}))
    np.testing.assert_equal([row[0] for row in rows], expected)
    assert [row[1] for row in rows] == ["x", "z"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (write({"a": [1], "x": [2]}), "expected the columns of the model: 'c' is missing, 'x' is not known"),
        (write({"a": [[1]], "c": [1]}), "column 'a': expected numbers, texts, .*, found the type list<"),
        (
            write({"a": [b"\xff"], "c": [1]}),
            "column 'a': values of the type .*binary.* that cannot be read: Invalid UTF8",
        ),
        (
            write({"a": pa.StringArray.from_buffers(1, *pa.array([b"\xff"]).buffers()[1:]), "c": [1]}),
            "column 'a': values of the type .* that cannot be read",
        ),
        (write({"a": [1, 2], "c": ["x", "bad"]}), "record 2, column 'c': expected what is good, found 'bad'"),
        (write({"a": [1], "c": [1], "b": [1]}, ["a", "c", "a"]), "the column 'a' is there more than once"),
        (write({"a": [1], "c": [1]})[:-9], "the file cannot be read"),
        (b"1,2\n", "expected application/x-parquet, but the data looks like text/csv: if it is"),
    ],
)
def test_a_fault_is_named_by_record_and_column(content: bytes, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        read(content)


def test_a_file_without_rows_has_none_and_columns_that_repeat_may_be_others() -> None:
    assert read(write({"a": pa.array([], pa.int64()), "c": pa.array([], pa.string())})) == []
    assert read(b"") == []
    assert read(write({"x": [1], "z": [2], "a": [3], "c": [4]}, ["x", "x", "a", "c"])) == [(3, 4)]


ODD = write({"a": pa.array(["x", None, "z"] * 9).dictionary_encode(), "c": [1.5, 2.5, None] * 9, "b": [[1]] * 27})


@draw_examples(300)
@given(st.lists(st.tuples(st.integers(0), st.binary(max_size=2), st.integers(0, 2)), min_size=1))
def test_a_damaged_file_is_read_or_refused(damages: list[tuple[int, bytes, int]]) -> None:
    content = ODD
    for place, inserted, removed in damages:
        place %= len(content)
        content = content[:place] + inserted + content[place + removed :]
    with suppress(DecodeError):
        read(content)


def test_the_index_of_a_frame_is_not_told_of_as_unknown() -> None:
    table = Table()
    assert read(write({"a": [1], "__index_level_0__": [5], "c": [2], "b": [1]}), table) == [(1, 2)]
    assert table.warnings == []


def test_of_a_dictionary_only_the_texts_that_are_used_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("container.codecs.asked.tables._PIECE_VALUES", 20)
    texts = pa.array([f"text {i}" for i in range(1000)])
    sizes: list[int] = []

    class Sized(Table):
        def encode(self, arrays: Any) -> Any:
            sizes.append(len(arrays["a"].dictionary))
            return super().encode(arrays)

    rows = read(write({"a": texts, "c": pa.array(range(1000))}), Sized())
    assert rows == [(f"text {i}", i) for i in range(1000)]
    assert sizes == [10] * 100


def test_a_text_of_a_dictionary_is_not_written_out_for_each_row() -> None:
    long = "x" * (1 << 20)
    codes = pa.array(np.zeros(20_000, np.int32))
    texts = pa.DictionaryArray.from_arrays(codes, pa.array([long, "unused"]))
    seen: list[int] = []

    class Sized(Table):
        def encode(self, arrays: Any) -> Any:
            seen.append(arrays["a"].nbytes)
            assert str(arrays["a"].type).startswith("dictionary")
            return super().encode({"a": arrays["a"].indices, "c": arrays["c"]})

    assert len(read(write({"a": texts, "c": codes}), Sized())) == 20_000
    assert max(seen) < 8 << 20
