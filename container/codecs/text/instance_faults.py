"""Explanations of JSON that does not hold records in a supported form."""

import json
import re
from typing import Any

from container.codecs.text.amounts import NUMBER
from container.codecs.text.quoting import printable
from container.codecs.text.value_faults import explain

DOCUMENT = '{"instances": [{"features": [...]}, ...]}'
_FORMS = (
    '{"features": [...]}, {"data": {"features": {"values": [...]}}} or '
    '{"data": {"features": {"keys": [...], "shape": [...], "values": [...]}}}'
)
_ELSEWHERE = (
    *("inputs", "input", "data", "dataframe_split", "dataframe_records", "columns", "rows", "records", "payload"),
    *("ndarray", "tensor", "array", "X", "x", "values", "samples", "body"),
)
_IN_ORDER = "Names are not read: write the numbers as a list, in the order of the training data"
_PRINTED = re.compile(rb"\s*[\[{(]\s*[\[{(]?\s*'")


def describe_document(document: Any) -> str:
    """Explain a body without a list of instances."""
    return f'expected {{"instances": [...]}}, found {show(document)}. {_advise_document(document)}'


def _advise_document(document: Any) -> str:
    match document:
        case [dict(), *_]:
            return 'Put the list into {"instances": ...}'
        case {"instances": dict()}:
            return 'Put the record into a list: {"instances": [{...}]}'
        case {"features": [list(), *_]}:
            return f"Features are one row: write {DOCUMENT}, a record for each row"
        case {"features": _} | {"data": {"features": _}}:
            return 'Put the record into {"instances": [...]}, or set the content type to application/jsonlines'
        case dict() if key := next((key for key in _ELSEWHERE if key in document), None):
            return f"{show(key)} is a word of other servers: write {DOCUMENT}"
        case str():
            return f"Is this JSON that was encoded twice? Write {DOCUMENT}"
    return f"Write {DOCUMENT}"


def describe_instance(instance: Any) -> str:
    """Explain a record without features."""
    found = f"found {show(instance)}"
    match instance:
        case [list(), *_]:
            return f'expected {{"features": [...]}}, {found}. Give every row a record of its own'
        case [dict(), *_]:
            return f"expected {_FORMS}, {found}. Write each record without the list around it"
        case list():
            return f'expected {{"features": [...]}}, {found}. Write {{"features": {show(instance)}}}'
        case {"instances": _}:
            return f"expected {_FORMS}, {found}. For a whole document set the content type to application/json"
        case dict() if instance and all(isinstance(value, int | float) for value in instance.values()):
            return f'expected {{"features": [...]}}, {found}. {_IN_ORDER}'
    return f"expected {_FORMS}, {found}"


def describe_features(values: Any, features: int) -> str:
    """Explain features that are not a list of `feature_dim` numbers."""
    expected = f"expected a list of {features} numbers as features, found {show(values)}"
    match values:
        case [[_], *others] if others and len(values) == features:
            return f"{expected}. Write the numbers without the inner brackets"
        case [list()]:
            return f'{expected}. Write {{"features": {show(values[0])}}}'
        case [list(), *_]:
            return f"{expected}. Features are one row: give each of the {len(values)} rows a record of its own"
        case list():
            label = ". Does it still hold the label? Send features only" if len(values) == features + 1 else ""
            return f"expected {features} features, found {len(values)}{label}"
        case dict():
            return f"{expected}. {_IN_ORDER}"
        case str():
            return f"{expected}. Write the numbers in brackets, without quotes"
    return expected


def describe_number(value: Any) -> str:
    """Explain a feature that is not a finite number."""
    found = f"expected a finite number within the range of a 32-bit float, found {show(value)}"
    match value:
        case None:
            return f"{found}{explain('')}"
        case str() if NUMBER.fullmatch(value):
            return f"{found}, a text. Write the number without quotes"
        case str():
            return f"{found}{explain(value) or '. Write categories as numbers'}"
        case list() | dict():
            return f"{found}. Write every number as a feature of its own"
    return found


def describe_python(text: bytes) -> str:
    """Explain text that Python printed instead of JSON; "" for any other text."""
    return ". Python prints its objects otherwise than JSON: send json.dumps of it" if _PRINTED.match(text) else ""


def show(value: Any) -> str:
    """Return the beginning of a value as JSON, for a message."""
    try:
        return printable(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return "what is nested too deeply"
