"""JSON and JSON Lines: three forms of a record in, the original's spacing and digits out."""

import json as stdlib_json
from typing import Any

import numpy as np
import pytest

from container.codecs import json, jsonlines
from container.errors import DecodeError

FORMS: list[dict[str, Any]] = [
    {"features": [1.5, 16.0, 0]},
    {"data": {"features": {"values": [1, 2, 3]}}, "configuration": {}, "label": 1},
    {"data": {"features": {"keys": [2, 0], "shape": [3], "values": [7, 8]}}},
]
ROWS = [[1.5, 16, 0], [1, 2, 3], [8, 0, 7]]


def test_the_three_forms_may_be_mixed() -> None:
    body = stdlib_json.dumps({"instances": FORMS, "more": 1}).encode()
    X = json.decode(body, {}, 3)
    assert X.tolist() == ROWS
    assert X.dtype == np.float32
    lines = "\n\n".join(map(stdlib_json.dumps, FORMS)).encode()
    assert jsonlines.decode(lines, {}, 3).tolist() == ROWS


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
        ('{"instances": [{"features": [[1, 2], [3, 4]]}]}', r"record 1, feature 1: .* found \[1, 2\]"),
        ('{"instances": [{"features": [1, 1e39]}]}', r"record 1, feature 2: .* found 1e\+39"),
        ('{"instances": [{"features": [1, NaN]}]}', "not JSON: NaN is no number in JSON"),
        ('{"instances": [{"features": 1}]}', "record 1: expected a list of 2 numbers as features, found 1"),
        ('{"instances": [{"feature": [1, 2]}]}', r'record 1: expected {"features": \[...\]}, .* found {"feature"'),
        ('{"instances": [[1, 2]]}', r"record 1: expected .* found \[1, 2\]"),
        ('{"instances": [{"data": {"features": {"keys": [2], "shape": [2], "values": [1]}}}]}', "from 0 to 1, found 2"),
        ('{"instances": [{"data": {"features": {"keys": [0], "shape": [3], "values": [1]}}}]}', r"shape of \[2\]"),
        ('{"instances": [{"data": {"features": {"keys": [0, 1], "shape": [2], "values": [1]}}}]}', "one length"),
        ("[" * 100_000, "nested too deeply"),
        ('{"instances": [{"features": [1, 1' + "0" * 400 + "]}]}", "too large"),
    ],
)
def test_a_bad_request_is_named_by_record_and_field(body: str, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        json.decode(body.encode(), {}, 2)


def test_whole_numbers_of_any_size_are_numbers() -> None:
    body = stdlib_json.dumps({"instances": [{"features": [2**70, 1]}, {"features": [True, 2]}]}).encode()
    assert json.decode(body, {}, 2).tolist() == [[2.0**70, 1], [1, 2]]


def test_a_bad_line_is_named_by_record() -> None:
    with pytest.raises(DecodeError, match="record 2, column 14: not JSON: Expecting value"):
        jsonlines.decode(b'{"features": [1]}\n\n{"features": }\n', {}, 1)


def test_answers_in_json_have_the_originals_spacing_order_and_digits() -> None:
    score, label = np.array([0.9899773597717285], np.float32), np.array([1])
    expected = b'{"predictions": [{"score": 0.9899773597717285, "predicted_label": 1}]}'
    assert json.encode({"score": score, "predicted_label": label}) == expected
    regressor = json.encode({"score": np.array([11.719074249267578], np.float32)})
    assert regressor == b'{"predictions": [{"score": 11.719074249267578}]}'
    assert len(regressor) == 48
    three = {"score": np.array([[0.5, 0.25, 0.25]], np.float32), "predicted_label": np.array([0])}
    assert json.encode(three) == b'{"predictions": [{"score": [0.5, 0.25, 0.25], "predicted_label": 0}]}'


@pytest.mark.parametrize(
    "digits",
    ["0.989977359771728", "0.504138827323913", "0.333132773637771", "0.050630431622266", "0.047645717859268", "0.5"],
)
def test_answers_in_json_lines_are_cut_after_15_decimals_as_seen_on_aws(digits: str) -> None:
    columns = {"score": np.array([digits], np.float32), "predicted_label": np.array([1])}
    assert jsonlines.encode(columns).decode() == f'{{"predicted_label":1,"score":{digits}}}\n'


def test_answers_in_json_lines_hold_lists_and_regressors() -> None:
    assert jsonlines.encode({"score": np.array([[0.5, -2.75]], np.float32)}) == b'{"score":[0.5,-2.75]}\n'
    assert jsonlines.encode({"score": np.array([1.5, 1e20], np.float32)}).startswith(b'{"score":1.5}\n{"score":1000')
