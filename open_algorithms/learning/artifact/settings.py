"""Read the JSON files of an artifact without trusting them.

Tests: tests/linear_learner/artifact/test_documents.py, tests/linear_learner/artifact/test_graph.py.
"""

import json
import math
from reprlib import repr as shortened
from typing import Any

from open_algorithms.learning.job.errors import InputError


def read_json_object(content: bytes | bytearray, name: str) -> dict[str, Any]:
    """Parse a JSON object in UTF-8; raise InputError for duplicate keys and for texts with lone surrogates."""
    try:
        found = json.loads(content.decode("utf-8"), object_pairs_hook=build_unique_object)
        if b"\\u" in content:  # which can write half of a character
            json.dumps(found, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} cannot be read as JSON: {error}.") from error
    if not isinstance(found, dict):
        raise InputError(f"{name} holds {shortened(found)}; expected a JSON object.")
    return found


def build_unique_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a dict from JSON pairs; raise ValueError for a duplicate key."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice in an object")
    return found


def finite_float(value: Any) -> float | None:
    """Return a JSON value as float; None where it is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def is_plain_value(value: Any) -> bool:
    """Return whether a JSON value is null, a boolean, a text, a finite number or a list of finite numbers."""
    numbers = value if isinstance(value, list) else [value]
    return value is None or isinstance(value, bool | str) or all(finite_float(number) is not None for number in numbers)
