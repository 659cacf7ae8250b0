"""Explanations of JSON that does not hold records in a supported form."""

import json
import re
from typing import Any

from container.codecs.text.amounts import NUMBER_PATTERN
from container.codecs.text.quoting import to_printable
from container.codecs.text.value_faults import explain_value

EXAMPLE_DOCUMENT = '{"instances": [{"features": [...]}, ...]}'
_RECORD_FORMS = (
    '{"features": [...]}, {"data": {"features": {"values": [...]}}} or '
    '{"data": {"features": {"keys": [...], "shape": [...], "values": [...]}}}'
)
_KEYS_OF_OTHER_SERVERS = (
    *("inputs", "input", "data", "dataframe_split", "dataframe_records", "columns", "rows", "records", "payload"),
    *("ndarray", "tensor", "array", "X", "x", "values", "samples", "body"),
)
_WRITE_IN_ORDER = "Names are not read: write the numbers as a list, in the order of the training data"
_PRINTED_BY_PYTHON = re.compile(rb"\s*[\[{(]\s*[\[{(]?\s*'")


def explain_document(document: Any) -> str:
    """Explain a body without a list of instances."""
    return f'expected {{"instances": [...]}}, found {quote_json(document)}. {_advise_document(document)}'


def _advise_document(document: Any) -> str:
    match document:
        case [dict(), *_]:
            return 'Put the list into {"instances": ...}'
        case {"instances": dict()}:
            return 'Put the record into a list: {"instances": [{...}]}'
        case {"features": [list(), *_]}:
            return f"Features are one row: write {EXAMPLE_DOCUMENT}, a record for each row"
        case {"features": _} | {"data": {"features": _}}:
            return 'Put the record into {"instances": [...]}, or set the content type to application/jsonlines'
        case dict() if key := next((key for key in _KEYS_OF_OTHER_SERVERS if key in document), None):
            return f"{quote_json(key)} is a word of other servers: write {EXAMPLE_DOCUMENT}"
        case str():
            return f"Is this JSON that was encoded twice? Write {EXAMPLE_DOCUMENT}"
    return f"Write {EXAMPLE_DOCUMENT}"


def explain_instance(instance: Any) -> str:
    """Explain a record without features."""
    found = f"found {quote_json(instance)}"
    match instance:
        case [list(), *_]:
            return f'expected {{"features": [...]}}, {found}. Give every row a record of its own'
        case [dict(), *_]:
            return f"expected {_RECORD_FORMS}, {found}. Write each record without the list around it"
        case list():
            return f'expected {{"features": [...]}}, {found}. Write {{"features": {quote_json(instance)}}}'
        case {"instances": _}:
            return f"expected {_RECORD_FORMS}, {found}. For a whole document set the content type to application/json"
        case dict() if instance and all(isinstance(value, int | float) for value in instance.values()):
            return f'expected {{"features": [...]}}, {found}. {_WRITE_IN_ORDER}'
    return f"expected {_RECORD_FORMS}, {found}"


def explain_features(values: Any, feature_dim: int) -> str:
    """Explain features that are not a list of `feature_dim` numbers."""
    expected = f"expected a list of {feature_dim} numbers as features, found {quote_json(values)}"
    match values:
        case [[_], *others] if others and len(values) == feature_dim:
            return f"{expected}. Write the numbers without the inner brackets"
        case [list()]:
            return f'{expected}. Write {{"features": {quote_json(values[0])}}}'
        case [list(), *_]:
            return f"{expected}. Features are one row: give each of the {len(values)} rows a record of its own"
        case list():
            label = ". Does it still hold the label? Send features only" if len(values) == feature_dim + 1 else ""
            return f"expected {feature_dim} features, found {len(values)}{label}"
        case dict():
            return f"{expected}. {_WRITE_IN_ORDER}"
        case str():
            return f"{expected}. Write the numbers in brackets, without quotes"
    return expected


def explain_number(value: Any) -> str:
    """Explain a feature that is not a finite number."""
    found = f"expected a finite number within the range of a 32-bit float, found {quote_json(value)}"
    match value:
        case None:
            return f"{found}{explain_value('')}"
        case str() if NUMBER_PATTERN.fullmatch(value):
            return f"{found}, a text. Write the number without quotes"
        case str():
            return f"{found}{explain_value(value) or '. Write categories as numbers'}"
        case list() | dict():
            return f"{found}. Write every number as a feature of its own"
    return found


def explain_python(text: bytes) -> str:
    """Explain text that Python printed instead of JSON; "" for any other text."""
    return (
        ". Python prints its objects otherwise than JSON: send json.dumps of it"
        if _PRINTED_BY_PYTHON.match(text)
        else ""
    )


def quote_json(value: Any) -> str:
    """Return the beginning of a value as JSON, for a message."""
    try:
        return to_printable(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return "what is nested too deeply"
