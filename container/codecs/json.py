"""application/json: {"instances": [...]} in, {"predictions": [...]} out."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from container.codecs.blocks import Columns, Features
from container.codecs.instances import read_instances
from container.errors import DecodeError


def decode(body: bytes, parameters: Mapping[str, str], features: int) -> Features:
    """Read the instances of a request as (n, features), sparse if one is."""
    request = load(body)
    if not isinstance(request, dict) or not isinstance(request.get("instances"), list):
        raise DecodeError(f'expected {{"instances": [...]}}, found {json.dumps(request)[:80]}')
    return read_instances(request["instances"], features)


def encode(columns: Columns) -> bytes:
    """Write the rows as predictions, the columns in their order, floats with all their digits."""
    return json.dumps({"predictions": rows(columns)}, allow_nan=False).encode()


def load(text: bytes) -> Any:
    """Parse strict JSON: NaN and Infinity are no numbers in it."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise DecodeError(f"not JSON: {error.msg}", f"line {error.lineno}", f"column {error.colno}") from None
    except RecursionError:
        raise DecodeError("not JSON of any form that is read here: nested too deeply") from None
    except ValueError as error:
        raise DecodeError(f"not JSON: {error}") from None


def rows(columns: Columns) -> list[dict[str, Any]]:
    """Turn columns into one dictionary a row."""
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in values]


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number in JSON, and a record that holds it cannot be scored")
