"""JSON in another form is told what is read and how to come to it."""

from typing import Any

import pytest

from container.codecs.text.instance_faults import (
    explain_document,
    explain_features,
    explain_instance,
    explain_number,
    explain_python,
    quote_json,
)

DOCUMENT = '{"instances": [{"features": [...]}, ...]}'
ORDER = "Names are not read: write the numbers as a list, in the order of the training data"
RECORD = (
    '{"features": [...]}, {"data": {"features": {"values": [...]}}} or '
    '{"data": {"features": {"keys": [...], "shape": [...], "values": [...]}}}'
)


@pytest.mark.parametrize(
    ("document", "shown", "advice"),
    [
        ([{"a": 1}], '[{"a": 1}]', 'Put the list into {"instances": ...}'),
        ([], "[]", f"Write {DOCUMENT}"),
        ({"instances": {}}, '{"instances": {}}', 'Put the record into a list: {"instances": [{...}]}'),
        ({"features": [[1]]}, '{"features": [[1]]}', f"Features are one row: write {DOCUMENT}, a record for each row"),
        (
            {"data": {"features": 1}},
            '{"data": {"features": 1}}',
            'Put the record into {"instances": [...]}, or set the content type to application/jsonlines',
        ),
        ("x", '"x"', f"Is this JSON that was encoded twice? Write {DOCUMENT}"),
        (7, "7", f"Write {DOCUMENT}"),
        ({}, "{}", f"Write {DOCUMENT}"),
    ],
)
def test_a_document_without_instances_is_told_where_they_belong(document: Any, shown: str, advice: str) -> None:
    assert explain_document(document) == f'expected {{"instances": [...]}}, found {shown}. {advice}'


@pytest.mark.parametrize(
    "key",
    [
        *("inputs", "input", "data", "dataframe_split", "dataframe_records", "columns", "rows", "records", "payload"),
        *("ndarray", "tensor", "array", "X", "x", "values", "samples", "body"),
    ],
)
def test_words_of_other_servers_are_known(key: str) -> None:
    found = explain_document({key: 1, "more": 2})
    assert found.endswith(f'. "{key}" is a word of other servers: write {DOCUMENT}')


@pytest.mark.parametrize(
    ("instance", "words"),
    [
        ([[1], [2]], 'expected {"features": [...]}, found [[1], [2]]. Give every row a record of its own'),
        ([{}], f"expected {RECORD}, found [{{}}]. Write each record without the list around it"),
        ([1, 2], 'expected {"features": [...]}, found [1, 2]. Write {"features": [1, 2]}'),
        (
            {"instances": 1},
            f'expected {RECORD}, found {{"instances": 1}}. For a whole document set the content type to '
            "application/json",
        ),
        ({"a": 1, "b": 2.5}, f'expected {{"features": [...]}}, found {{"a": 1, "b": 2.5}}. {ORDER}'),
        ({"a": 1, "b": "x"}, f'expected {RECORD}, found {{"a": 1, "b": "x"}}'),
        ({}, f"expected {RECORD}, found {{}}"),
        (5, f"expected {RECORD}, found 5"),
    ],
)
def test_a_record_without_features_is_told_its_form(instance: Any, words: str) -> None:
    assert explain_instance(instance) == words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([[1], [2]], ". Write the numbers without the inner brackets"),
        ([[1]], '. Write {"features": [1]}'),
        ([[1, 2]], '. Write {"features": [1, 2]}'),
        ([[1], [2], [3]], ". Features are one row: give each of the 3 rows a record of its own"),
        ({"a": 1}, f". {ORDER}"),
        ("1,2", ". Write the numbers in brackets, without quotes"),
        (7, ""),
        (None, ""),
    ],
)
def test_features_that_are_no_list_of_numbers_are_told_how_to_write_them(values: Any, words: str) -> None:
    assert explain_features(values, 2) == (
        f"expected a list of 2 numbers as features, found {quote_json(values)}{words}"
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ": a missing value. Remove rows with missing values or fill them in"),
        ("1.5", ", a text. Write the number without quotes"),
        ("1.5 kg", ": a number with 'kg' behind it. Write the number alone, in one unit in all rows"),
        ("red", ". Write categories as numbers"),
        ([1], ". Write every number as a feature of its own"),
        ({"a": 1}, ". Write every number as a feature of its own"),
        (1e39, ""),
    ],
)
def test_a_feature_that_is_no_number_is_told_what_to_write(value: Any, words: str) -> None:
    assert explain_number(value) == (
        f"expected a finite number within the range of a 32-bit float, found {quote_json(value)}{words}"
    )


@pytest.mark.parametrize("text", [b"{'instances': []}", b" [ {'a': 1}]", b"('x',)", b"['x']"])
def test_what_python_prints_is_known(text: bytes) -> None:
    assert explain_python(text) == ". Python prints its objects otherwise than JSON: send json.dumps of it"


@pytest.mark.parametrize("text", [b'{"instances": []}', b"'x'", b"x = {'a': 1}", b""])
def test_what_it_does_not_print_is_not_explained(text: bytes) -> None:
    assert explain_python(text) == ""


def test_a_value_is_shown_as_json_and_cut() -> None:
    assert quote_json({"größe": [True, None]}) == '{"größe": [true, null]}'
    assert quote_json("x" * 100) == '"' + "x" * 79
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert quote_json(deep) == "what is nested too deeply"
    while deep:  # piece by piece: to free it at once would take the stack
        deep = deep[0]
