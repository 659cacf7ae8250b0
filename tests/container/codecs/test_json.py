"""JSON and JSON Lines: three forms of a record in, the original's spacing and digits out."""

import json as stdlib_json
from decimal import ROUND_DOWN, Decimal, localcontext
from functools import partial
from io import BytesIO
from math import copysign
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from container.codecs import json, jsonlines
from container.codecs.registry import REQUEST_DECODERS
from container.contract.errors import DecodeError
from container.rows.blocks import AnswerColumns, Features, Matrix
from open_algorithms.learning.rows.csr import Csr
from tests.chance import draw_examples
from tests.container.bodies import decode_body

DENSE: list[dict[str, Any]] = [
    {"features": [1.5, 16.0, 0]},
    {"data": {"features": {"values": [1, 2, 3]}}, "configuration": {}, "label": 1},
]
SPARSE = {"data": {"features": {"keys": [2, 0], "shape": [3], "values": [7, 8]}}}


def lines(*records: Any) -> bytes:
    return "\n\n".join(map(stdlib_json.dumps, records)).encode()


def instances(*records: Any) -> bytes:
    return stdlib_json.dumps({"instances": records, "more": 1}).encode()


decode_json, decode_lines = partial(decode_body, "application/json"), partial(decode_body, "application/jsonlines")


def whole(columns: AnswerColumns) -> bytes:
    return json.ENCODING.opening % {b"key": b'"predictions"'} + json.encode_answer(columns) + json.ENCODING.closing


def sparse_record(keys: list[int], values: list[Any], shape: list[int]) -> dict[str, Any]:
    return {"data": {"features": {"keys": keys, "shape": shape, "values": values}}}


def table_of(X: Features) -> Matrix:
    assert not isinstance(X, Csr)
    return X


def dense(X: Features) -> Matrix:
    """The rows of a sparse matrix written out."""
    assert isinstance(X, Csr)
    assert [part.dtype.name for part in X[:3]] == ["float32", "int32", "int64"]
    width = X.shape[1]
    assert width is not None
    table = np.zeros((X.shape[0], width), np.float32)
    for row, (start, stop) in zip(table, zip(X.indptr[:-1], X.indptr[1:], strict=True), strict=True):
        assert (np.diff(X.indices[start:stop]) > 0).all()
        row[X.indices[start:stop]] = X.data[start:stop]
    return table


@pytest.mark.parametrize(
    "decode", [lambda *it: decode_json(instances(*it), {}, 3), lambda *it: decode_lines(lines(*it), {}, 3)]
)
def test_the_three_forms_may_be_mixed_and_a_sparse_one_makes_all_sparse(decode: Any) -> None:
    X = decode(*DENSE)
    assert X.tolist() == [[1.5, 16, 0], [1, 2, 3]]
    assert X.dtype == np.float32
    assert dense(decode(DENSE[0], SPARSE, DENSE[1])).tolist() == [[1.5, 16, 0], [8, 0, 7], [1, 2, 3]]


@draw_examples(50)
@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 5), st.integers(1, 6)),
        elements=st.one_of(st.just(0), st.floats(width=32, allow_nan=False, allow_infinity=False)),
    ),
    st.randoms(),
)
def test_any_matrix_reads_alike_in_every_form(table: Matrix, random: Any) -> None:
    width = table.shape[1]
    plain = [{"features": row.tolist()} for row in table]
    sparse = []
    for row in table:
        keys = np.flatnonzero(row).tolist()
        random.shuffle(keys)
        sparse.append(sparse_record(keys, row[keys].tolist(), [width]))
    mixed = [*plain[:-1], sparse[-1]]
    for read, write in ((decode_json, instances), (decode_lines, lines)):
        np.testing.assert_array_equal(table_of(read(write(*plain), {}, width)), table)
        np.testing.assert_array_equal(dense(read(write(*sparse), {}, width)), table)
        np.testing.assert_array_equal(dense(read(write(*mixed), {}, width)), table)


def test_a_sparse_record_of_any_width_takes_the_room_of_its_values() -> None:
    width = 2**31 - 1
    X = decode_json(
        instances(*[sparse_record([width - 1, 7], [1, True], [width]), sparse_record([], [], [width])] * 500), {}, width
    )
    assert isinstance(X, Csr)
    assert X.shape == (1000, width)
    assert (X.indices[:3].tolist(), X.data.sum(), X.indptr[-2:].tolist()) == ([7, width - 1, 7], 1000, [1000, 1000])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", "line 1, column 2: not JSON: Expecting property name"),
        ("[1]", r'expected {"instances": \[...\]}, found \[1\]'),
        ('{"instances": 1}', r'expected {"instances": \[...\]}'),
        ('{"instances": [{"features": [1, 2]}, {"features": [1]}]}', "record 2: expected 2 features, found 1"),
        ('{"instances": [{"features": [1, "x"]}]}', 'record 1, feature 2: expected a finite number .* found "x"'),
        ('{"instances": [{"features": [1, null]}]}', "record 1, feature 2: expected a finite number .* found null"),
        ('{"instances": [{"features": [1, [2]]}]}', r"record 1, feature 2: .* found \[2\]"),
        ('{"instances": [{"features": [[1, 2], [3, 4]]}]}', "record 1: .* Features are one row: give each"),
        ('{"instances": [{"features": [1, 1e39]}]}', r"record 1, feature 2: .* found 1e\+39"),
        ('{"instances": [{"features": [1, NaN]}]}', "not JSON: NaN is no number in JSON"),
        ('{"instances": [{"features": 1}]}', "record 1: expected a list of 2 numbers as features, found 1"),
        ('{"instances": [{"feature": [1, 2]}]}', r'record 1: expected {"features": \[...\]}, .* found {"feature"'),
        ('{"instances": [[1, 2]]}', r"record 1: expected .* found \[1, 2\]"),
        ('{"instances": [{"data": {"features": {"keys": [2], "shape": [2], "values": [1]}}}]}', "from 0 to 1, found 2"),
        ('{"instances": [{"data": {"features": {"keys": [0], "shape": [3], "values": [1]}}}]}', r"shape of \[2\]"),
        ('{"instances": [{"data": {"features": {"keys": [0, 1], "shape": [2], "values": [1]}}}]}', "one length"),
        (instances(sparse_record([0, 0], [1, 2], [2])).decode(), "record 1: expected different whole keys .* found 0"),
        (instances(sparse_record([-1], [1], [2])).decode(), "record 1: expected different whole keys .* found -1"),
        (instances(sparse_record([True], [1], [2])).decode(), "record 1: expected different whole keys .* found true"),
        (
            instances({"features": [1, 2]}, sparse_record([], [], [2]), sparse_record([1, 0], ["x", 0], [2])).decode(),
            'record 3, feature 2: expected a finite number .* found "x"',
        ),
        ('{"instances": [{"features": [[1], [2]]}]}', r"record 1: .* Write the numbers without the inner"),
        ("[" * 100_000, "nested too deeply"),
        ('{"instances": [{"features": [1, 1' + "0" * 400 + "]}]}", "record 1, feature 2: .* found 1000"),
    ],
)
def test_a_bad_request_is_named_by_record_and_field(body: str, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        decode_json(body.encode(), {}, 2)


WRITE = r'rite {"instances": \[{"features": \[...\]}, ...\]}'
ORDER = "Names are not read: write the numbers as a list, in the order of the training data"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"features": [[1, 2], [3, 4]]}', f"Features are one row: w{WRITE}, a record for each row"),
        ('{"features": [1, 2]}', r'Put the record into {"instances": \[...\]}, or set .* to application/jsonlines'),
        ('{"instances": {"features": [1, 2]}}', r'Put the record into a list: {"instances": \[{...}\]}'),
        ('[{"features": [1, 2]}]', 'Put the list into {"instances": ...}'),
        ("[[1, 2], [3, 4]]", rf"found \[\[1, 2\], \[3, 4\]\]. W{WRITE}"),
        ('{"inputs": [[1, 2]]}', f'"inputs" is a word of other servers: w{WRITE}'),
        ('{"dataframe_split": {"data": [[1, 2]]}}', '"dataframe_split" is a word of other servers'),
        ('{"columns": ["a"], "data": [[1, 2]]}', '"data" is a word of other servers'),
        ('"{\\"instances\\": []}"', "Is this JSON that was encoded twice"),
        ('{"Instances": []}', f'found {{"Instances": \\[\\]}}. W{WRITE}'),
        (
            '{"features": [1]}\n{"features": [2]}\n',
            "not JSON: Extra data. For one record a line set .* application/jsonlines",
        ),
        ("{'instances': []}", "Python prints its objects otherwise than JSON: send json.dumps of it"),
        ("1,2", "the data looks like text/csv: if it is, set the content type to text/csv"),
        ('{"instances": [[1, 2], [3, 4]]}', r'record 1: .* found \[1, 2\]. Write {"features": \[1, 2\]}'),
        ('{"instances": [{"features": [[1, 2]]}]}', r'record 1: .* found \[\[1, 2\]\]. Write {"features": \[1, 2\]}'),
        (
            '{"instances": [{"features": [[1, 2], [3, 4], [5, 6]]}]}',
            "one row: give each of the 3 rows a record of its own",
        ),
        ('{"instances": [{"features": "1,2"}]}', 'found "1,2". Write the numbers in brackets, without quotes'),
        ('{"instances": [{"features": {"a": 1, "b": 2}}]}', ORDER),
        ('{"instances": [{"a": 1, "b": 2}]}', ORDER),
        ('{"instances": [{"features": [1, 2, 3]}]}', r"expected 2 features, found 3. Does it still hold the label\?"),
        (
            '{"instances": [{"features": ["1.5", 2]}]}',
            'record 1, feature 1: .* found "1.5", a text. Write .* without quotes',
        ),
        (
            '{"instances": [{"features": ["1,5", 2]}]}',
            'feature 1: .* found "1,5": a number with a decimal comma. Write 1.5',
        ),
        ('{"instances": [{"features": ["NaN", 2]}]}', 'feature 1: .* found "NaN": a missing value. Remove rows'),
        ('{"instances": [{"features": [null, 2]}]}', "feature 1: .* found null: a missing value. Remove rows"),
        (
            '{"instances": [{"features": [NaN, 2]}]}',
            "NaN is no number in JSON, .* cannot be scored. Fill missing values in",
        ),
        (
            '{"instances": [{"features": ["\N{MINUS SIGN}1", 2]}]}',
            'found "\N{MINUS SIGN}1", with U\\+2212 .MINUS SIGN. in it',
        ),
    ],
)
def test_other_forms_of_json_are_told_what_is_read(body: str, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        decode_json(body.encode(), {}, 2)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("[1, 2]\n[3, 4]\n", r'record 1: .* found \[1, 2\]. Write {"features": \[1, 2\]}'),
        (
            '{"features": [1, 2]}\n{"features": [[1, 2], [3, 4]]}\n',
            "record 2: .* one row: give each of the 2 rows a record",
        ),
        ('{"instances": [{"features": [1, 2]}]}\n', "record 1: .* For a whole document set .* to application/json"),
        ('[{"features": [1, 2]}]\n', "record 1: .* Write each record without the list around it"),
        ('{\n"features": [1, 2]\n}\n', "record 1, column 2: not JSON: .*. Every record is a whole line"),
        (
            "1,2\n3,4\n",
            r'record 1, .*not JSON: .*. A line is a record, {"features": \[...\]}; for CSV set .* to text/csv',
        ),
        ('{"features": ["red", 2]}\n', 'record 1, feature 1: .* found "red". Write categories as numbers'),
        ("1 1:2\n", "expected application/jsonlines, but the data looks like text/libsvm"),
    ],
)
def test_other_lines_are_told_what_is_read(body: str, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        decode_lines(body.encode(), {}, 2)


def test_whole_numbers_of_any_size_are_numbers() -> None:
    body = stdlib_json.dumps({"instances": [{"features": [2**70, 1]}, {"features": [True, 2]}]}).encode()
    assert table_of(decode_json(body, {}, 2)).tolist() == [[2.0**70, 1], [1, 2]]


def test_a_bad_line_is_named_by_record() -> None:
    with pytest.raises(DecodeError, match="record 2, column 14: not JSON: Expecting value"):
        decode_lines(b'{"features": [1]}\n\n{"features": }\n', {}, 1)


def test_answers_in_json_have_the_originals_spacing_order_and_digits() -> None:
    score, label = np.array([0.9899773597717285], np.float32), np.array([1])
    expected = b'{"predictions": [{"score": 0.9899773597717285, "predicted_label": 1}]}'
    assert whole({"score": score, "predicted_label": label}) == expected
    regressor = whole({"score": np.array([11.719074249267578], np.float32)})
    assert regressor == b'{"predictions": [{"score": 11.719074249267578}]}'
    assert len(regressor) == 48
    three = {"score": np.array([[0.5, 0.25, 0.25]], np.float32), "predicted_label": np.array([0])}
    assert whole(three) == b'{"predictions": [{"score": [0.5, 0.25, 0.25], "predicted_label": 0}]}'


@pytest.mark.parametrize("other", ['"instances"', '"\\u0069nstances"'])
def test_of_two_values_of_one_name_the_last_counts_as_in_python(other: str) -> None:
    twice = f'{{{other}: [{{"features": [1]}}], "instances": [{{"features": [2], "features": [3]}}]}}'.encode()
    assert decode_json(twice, {}, 1).tolist() == [[3]]
    twice = f'{{"instances": [{{"features": [2]}}], {other}: [{{"features": [1]}}]}}'.encode()
    assert decode_json(twice, {}, 1).tolist() == [[1]]


@pytest.mark.parametrize(
    "digits",
    ["0.989977359771728", "0.504138827323913", "0.333132773637771", "0.050630431622266", "0.047645717859268", "0.5"],
)
def test_answers_in_json_lines_are_cut_after_15_decimals_as_seen_on_aws(digits: str) -> None:
    columns = {"score": np.array([digits], np.float32), "predicted_label": np.array([1])}
    assert jsonlines.encode_answer(columns).decode() == f'{{"predicted_label":1,"score":{digits}}}\n'


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1))
def test_answers_in_json_lines_are_cut_and_never_rounded(scores: list[float]) -> None:
    lines = jsonlines.encode_answer({"score": np.array(scores, np.float32)}).decode().splitlines()
    for line, score in zip(lines, scores, strict=True):
        digits = line.removeprefix('{"score":').removesuffix("}")
        with localcontext(prec=60):
            assert Decimal(digits) == Decimal(score).quantize(Decimal("1e-15"), ROUND_DOWN)
        assert digits[-1] != "0" or digits.endswith(".0")
        assert digits.startswith("-") == (copysign(1, score) < 0)


def test_answers_in_json_lines_hold_lists_and_regressors() -> None:
    assert jsonlines.encode_answer({"score": np.array([[0.5, -2.75]], np.float32)}) == b'{"score":[0.5,-2.75]}\n'
    assert jsonlines.encode_answer({"score": np.array([1.5, 1e20], np.float32)}).startswith(
        b'{"score":1.5}\n{"score":1000'
    )


def pieces(kind: str, body: bytes, features: int) -> list[int]:
    """The rows of each piece of a request."""
    return [X.shape[0] for X in REQUEST_DECODERS[kind](BytesIO(body), {}, features)]


def test_a_document_is_scored_in_pieces_of_bounded_size_but_of_one_record_at_least() -> None:
    narrow, wide, widest = ([{"features": [0] * count}] for count in (1, 100_000, 300_000))
    assert pieces("application/json", instances(*narrow * 5000), 1) == [4096, 904]
    assert pieces("application/json", instances(*wide * 5), 100_000) == [2, 2, 1]
    assert pieces("application/json", instances(*widest * 2), 300_000) == [1, 1]


@pytest.mark.parametrize(("module", "body"), [(json, instances(*DENSE[:1] * 3)), (jsonlines, lines(*DENSE[:1] * 3))])
def test_records_in_the_plain_form_are_read_at_once(module: Any, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "read_instances", None)
    found = [row for X in module.decode_records(BytesIO(body), {}, 3) for row in X.tolist()]
    assert found == [[1.5, 16, 0]] * 3


class LineByLine(BytesIO):
    """A request that arrives a line at a time."""

    def read(self, size: int | None = -1) -> bytes:
        return self.readline()


@pytest.mark.parametrize("first", [DENSE[0], DENSE[1]])
def test_records_are_counted_through_the_pieces_of_a_request(first: Any) -> None:
    body = LineByLine(lines(first, first, {"features": [1]}))
    with pytest.raises(DecodeError, match="record 3: expected 3 features, found 1"):
        list(jsonlines.decode_records(body, {}, 3))


def test_of_two_lists_of_features_in_a_line_the_last_counts() -> None:
    assert decode_lines(b'{"features": [1], "features": [2]}\n', {}, 1).tolist() == [[2]]
    assert decode_lines(b'{"more": [7], "features": [2]}\n', {}, 1).tolist() == [[2]]


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ('{"features": [1, 2', ". Every record is a whole line"),
        ('  {"features": [1, 2', ". Every record is a whole line"),
        ('[{"features": [1, 2]}', ""),
        ('{"features": [1, x]}', ""),
        ('{"features": [1, x]}  ', ""),
        ("{'features': [1, 2]}", ". Python prints its objects otherwise than JSON: send json.dumps of it"),
        (
            '{"features": [1, 2]} {"features": [3, 4]}',
            ". Every record is a whole line, and curl keeps line breaks by --",
        ),
        ("hello", '. A line is a record, {"features": [...]}; for CSV set the content type to text/csv'),
    ],
)
def test_a_line_that_is_not_json_is_told_what_may_be_wrong_and_no_more(line: str, advice: str) -> None:
    with pytest.raises(DecodeError) as refused:
        decode_lines(b'{"features": [1, 2]}\n' + line.encode(), {}, 2)
    found = str(refused.value)
    assert found.startswith("record 2, column ")
    _, stop, hint = found[found.index("not JSON") :].partition(". ")
    assert (stop + hint).startswith(advice)
    assert bool(hint) == bool(advice)


def test_nested_lists_are_not_taken_for_one() -> None:
    with pytest.raises(DecodeError, match=r"record 1: .* found \[\[1, 2\]\]. Write {\"features\": \[1, 2\]}"):
        decode_lines(b'{"features": [[1, 2]]}\n', {}, 2)


def test_a_request_that_is_no_json_is_told_what_requests_may_be() -> None:
    with pytest.raises(
        DecodeError, match="the data looks like application/x-parquet: if it is, set the content type to"
    ):
        decode_json(b"PAR1\x15\x04", {}, 2)


def test_text_that_is_not_utf8_is_told_by_its_byte() -> None:
    with pytest.raises(DecodeError, match=r"^byte 15: not JSON: expected UTF-8 text$"):
        decode_json(b'{"instances": \xff}', {}, 1)
