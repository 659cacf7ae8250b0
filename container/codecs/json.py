"""application/json: {"instances": [...]} in, {"predictions": [...]} out."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, NoReturn

import orjson

from container.codecs.blocks import Columns, Encoding, Features
from container.codecs.instances import read_instances
from container.errors import DecodeError


def decode_records(stream: BinaryIO, parameters: Mapping[str, str], features: int) -> Iterator[Features]:
    """Read the instances of a request at once as (n, features), sparse if one is."""
    request = load(stream.read())
    if not isinstance(request, dict) or not isinstance(request.get("instances"), list):
        raise DecodeError(f'expected {{"instances": [...]}}, found {json.dumps(request)[:80]}')
    if request["instances"]:
        yield read_instances(request["instances"], features)


def encode(columns: Columns) -> bytes:
    """Write the rows, the columns in their order, floats with all their digits."""
    names = [json.dumps(name).replace("{", "{{").replace("}", "}}") for name in columns]
    template = "{{" + ", ".join(f"{name}: {{!r}}" for name in names) + "}}"
    return ", ".join(map(template.format, *(column.tolist() for column in columns.values()))).encode()


ENCODING = Encoding(encode, b'{"predictions": [', b", ", b"]}")


def load(text: bytes) -> Any:
    """Parse strict JSON: NaN and Infinity are no numbers in it. What orjson refuses, Python's own parser explains."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return _load_slowly(text)


def _load_slowly(text: bytes) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise DecodeError(f"not JSON: {error.msg}", f"line {error.lineno}", f"column {error.colno}") from None
    except RecursionError:
        raise DecodeError("not JSON of any form that is read here: nested too deeply") from None
    except ValueError as error:
        raise DecodeError(f"not JSON: {error}") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number in JSON, and a record that holds it cannot be scored")
