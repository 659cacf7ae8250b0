"""A request says the same however it comes, and an answer however it is made."""

import json
from io import BytesIO, RawIOBase
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pyarrow import parquet as pq

from container.codecs import csv, libsvm, lines, recordio
from container.codecs.delimited import requests
from container.codecs.delimited.form import CsvSchema
from container.codecs.delimited.irregular import parse_irregular_lines
from container.codecs.json import load_strict_json
from container.codecs.recordio import encode_records, encode_sparse_records
from container.codecs.records.framing import make_frame
from container.codecs.records.record_pb2 import Record
from container.codecs.registry import ANSWER_ENCODINGS, REQUEST_DECODERS
from container.codecs.text.digits import write_numbers
from container.contract.errors import DecodeError
from open_algorithms.learning.rows.csr import Csr
from tests.container.bodies import stack_rows

numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
tables = hnp.arrays(np.float32, st.tuples(st.integers(1, 9), st.just(3)), elements=numbers)


class Trickle(RawIOBase):
    """A stream that gives no more than a few bytes at once."""

    def __init__(self, data: bytes, step: int) -> None:
        self._data = BytesIO(data)
        self._step = step

    def read(self, size: int = -1) -> bytes:
        return self._data.read() if size < 0 else self._data.read(min(size, self._step))


def write(kind: str, X: Any) -> bytes:
    rows = X.tolist()
    match kind:
        case "text/csv":
            return "\n".join(",".join(map(repr, row)) for row in rows).encode()
        case "application/json":
            return json.dumps({"instances": [{"features": row} for row in rows]}).encode()
        case "application/jsonlines":
            return "\n".join(json.dumps({"features": row}) for row in rows).encode()
        case "text/libsvm":
            return "\n".join(" ".join(f"{i}:{v!r}" for i, v in enumerate(row, 1)) for row in rows).encode()
        case "application/x-parquet":
            file = BytesIO()
            pq.write_table(pa.table(list(X.T), ["a", "b", "c"]), file)
            return file.getvalue()
    return encode_records(X)


def written_out(X: Any) -> Any:
    if not isinstance(X, Csr):
        return X
    table = np.zeros((X.shape[0], 3), np.float32)
    table[np.repeat(np.arange(len(table)), np.diff(X.indptr)), X.indices] = X.data
    return table


@pytest.mark.parametrize("kind", REQUEST_DECODERS)
@given(tables, st.integers(1, 60), st.integers(1, 60))
def test_a_body_says_the_same_in_pieces_of_any_size(kind: str, X: Any, piece: int, step: int) -> None:
    body = write(kind, X)
    with (
        patch.object(lines, "_REQUEST_BYTES", piece),
        patch.object(recordio, "_REQUEST_BYTES", piece),
        patch.object(libsvm, "_FEW_BYTES", 20),
    ):
        parts = list(REQUEST_DECODERS[kind](Trickle(body, step), {}, 3))  # type: ignore[arg-type]
    np.testing.assert_array_equal(written_out(stack_rows(parts, 3)), X)
    np.testing.assert_array_equal(written_out(stack_rows(list(REQUEST_DECODERS[kind](BytesIO(body), {}, 3)), 3)), X)


@pytest.mark.parametrize("kind", ["text/csv", "text/libsvm", "application/jsonlines"])
@pytest.mark.parametrize("beginning", [b"\xef\xbb\xbf", b"\n", b"\r\n \r\n", b" ", b"\xef\xbb\xbf\n"])
@pytest.mark.parametrize("step", [1, 2, 100])
def test_lines_may_begin_with_a_byte_order_mark_or_blanks(kind: str, beginning: bytes, step: int) -> None:
    body = beginning + write(kind, np.array([[1, 2, 3]], np.float32))
    parts = list(REQUEST_DECODERS[kind](Trickle(body, step), {}, 3))  # type: ignore[arg-type]
    np.testing.assert_array_equal(written_out(stack_rows(parts, 3)), [[1, 2, 3]])


def test_the_first_records_do_not_wait_for_the_others() -> None:
    stream = Trickle(b"1\n2\n", 2)
    pieces = csv.decode_records(stream, {}, 1)  # type: ignore[arg-type]
    assert next(pieces).tolist() == [[1]]
    assert stream.read() == b"2\n"


@pytest.mark.parametrize("labelled", [False, True])
def test_sparse_records_of_a_request_are_read_at_once_with_labels_or_without(labelled: bool) -> None:
    generator = np.random.default_rng(0)
    indices = np.sort(generator.permuted(np.tile(np.arange(100), (500, 1)), axis=1)[:, :5], axis=1)
    X: Any = Csr(generator.normal(size=2500).astype(np.float32), indices.astype(np.int32).ravel(),
               np.arange(501) * 5, (500, 100))  # fmt: skip
    body = encode_sparse_records(X, np.ones(500, np.float32) if labelled else None)
    found: Any
    (found,) = recordio.decode_records(BytesIO(body), {}, 100)
    assert type(found).__name__ == "Csr"
    assert all(np.array_equal(found[i], X[i]) for i in range(3))


def test_records_of_a_request_that_are_dense_and_sparse_in_turn_make_one_piece() -> None:
    dense = encode_records(np.array([[1, 2, 3]], np.float32))
    sparse = encode_sparse_records(Csr(np.array([4], np.float32), np.array([1], np.int32), np.array([0, 1]), (1, 3)))
    parts = list(recordio.decode_records(BytesIO((sparse + dense) * 500), {}, 3))
    assert len(parts) == 2  # the first record for itself, as the others are not like it
    np.testing.assert_array_equal(written_out(stack_rows(parts, 3)), [[0, 4, 0], [1, 2, 3]] * 500)
    broken = Record()
    broken.features["values"].float32_tensor.values.extend([1, np.nan, 3])
    body = (sparse + dense) * 2 + make_frame(broken.SerializeToString())
    with pytest.raises(DecodeError, match="record 5, feature 2: expected a finite number, found nan"):
        list(recordio.decode_records(BytesIO(body), {}, 3))


@pytest.mark.parametrize("kind", ANSWER_ENCODINGS)
@pytest.mark.parametrize("outputs", [(), (4,)])
def test_an_answer_in_parts_is_the_answer(kind: str, outputs: tuple[int, ...]) -> None:
    generator = np.random.default_rng(0)
    columns: dict[str, Any] = {
        'a "{}" name': generator.normal(size=(60, *outputs)).astype(np.float32),
        "predicted_label": generator.integers(0, 4, 60),
    }
    encoding = ANSWER_ENCODINGS[kind]
    parts = [encoding.encode({name: values[i : i + 7] for name, values in columns.items()}) for i in range(0, 60, 7)]
    assert encoding.separator.join(parts) == encoding.encode(columns)


fields = st.one_of(
    st.floats(allow_nan=True).map(repr),
    st.integers().map(str),
    st.from_regex(r"[ +-]?[0-9]{0,3}\.?[0-9]{0,20}(e[+-]?[0-9]{1,2})?\r?", fullmatch=True),
    st.sampled_from(["", "true", "null", '"1"', "[1]", "1_0", "0x1", "\r1", "-0", "1e999", "1],[2", "{}"]),
)


@pytest.mark.parametrize("wide", [1, 64])
@given(st.lists(st.lists(fields, min_size=1, max_size=3), min_size=1, max_size=3))
def test_csv_read_fast_is_csv_read_slowly(wide: int, rows: list[list[str]]) -> None:
    data = "".join(",".join(row) + "\n" for row in rows).encode()
    form = CsvSchema(2, 0, "record")
    with patch.object(requests, "_WIDE", wide):
        fast = requests.parse_plain_records(data, form, np.float32)
    if fast is not None and np.isfinite(fast).all():
        np.testing.assert_array_equal(fast, parse_irregular_lines(data.splitlines(), form, 1))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(values, st.booleans())
def test_json_is_read_as_pythons_own_parser_reads_it(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        expected = json.loads(text)
    except UnicodeDecodeError:
        return
    assert load_strict_json(text) == expected


@given(hnp.arrays(np.float32, st.integers(0, 30), elements=numbers))
def test_numbers_are_written_as_python_writes_them(values: Any) -> None:
    assert write_numbers(values) == [repr(value) for value in values.tolist()]


def test_scores_of_any_size_are_written_as_python_writes_them() -> None:
    sizes = np.random.default_rng(0).integers(0, 1 << 32, 100_000, np.uint32).view(np.float32)
    values = sizes[np.isfinite(sizes)]
    assert write_numbers(values) == [repr(value) for value in values.tolist()]
    scores = np.random.default_rng(1).random(100_000, np.float32)
    assert write_numbers(scores) == [repr(value) for value in scores.tolist()]
