"""The columns of a Parquet table come as numbers or texts, whatever their types are."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from container.codecs.parquet_table import decode_columns
from container.contract.errors import DecodeError
from container.rows.raw import TableOptions


def read(table: Any, text_names: tuple[str, ...] = (), said: list[str] | None = None) -> dict[str, list[Any]]:
    content = BytesIO()
    pq.write_table(table, content)
    content.seek(0)
    options = TableOptions(text_names, warn=(said if said is not None else []).append)
    (rows,) = decode_columns(content, {}, options)
    return {name: column.to_pylist() for name, column in rows.columns.items()}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, None], [1.0, None]),
        ([0.5, float("nan")], [0.5, pytest.approx(float("nan"), nan_ok=True)]),
        ([Decimal("1.25"), None], [1.25, None]),
        (["a", None], ["a", None]),
        ([True, None], ["true", None]),
        ([date(2020, 1, 2), None], ["2020-01-02", None]),
        ([datetime(2020, 1, 2, 3, 4, 5), None], ["2020-01-02 03:04:05.000000", None]),
        ([datetime(2020, 1, 2, 3, 4, tzinfo=ZoneInfo("Asia/Tokyo")), None], ["2020-01-02 03:04:00.000000", None]),
        ([time(1, 2), None], ["01:02:00.000000", None]),
        ([timedelta(seconds=90), None], [90.0, None]),
        ([None, None], [None, None]),
    ],
)
def test_values_of_every_type_are_numbers_or_texts(values: list[Any], expected: list[Any]) -> None:
    assert read(pa.table({"a": values}))["a"] == expected


def test_a_column_of_numbers_may_be_kept_as_texts() -> None:
    assert read(pa.table({"zip": [2134, 90210]}), text_names=("zip",))["zip"] == ["2134", "90210"]


def test_categories_of_pandas_are_texts() -> None:
    assert read(pa.table({"a": pa.array(["x", "y", "x"]).dictionary_encode()}))["a"] == ["x", "y", "x"]


def test_lists_are_taken_for_empty_and_named() -> None:
    said: list[str] = []
    assert read(pa.table({"a": [[1], [2]], "b": [1, 2]}), said=said)["a"] == [None, None]
    assert "the column 'a' holds list<" in said[0]


def test_names_that_come_twice_are_told_apart() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array(["x"])], names=["a", "a"])
    assert read(table) == {"a": [1.0], "a.1": ["x"]}


def test_a_file_that_is_cut_short_is_refused() -> None:
    content = BytesIO()
    pq.write_table(pa.table({"a": [1.0] * 1000}), content)
    with pytest.raises(DecodeError, match="cut short or corrupt"):
        list(decode_columns(BytesIO(content.getvalue()[:-20]), {}, TableOptions()))
