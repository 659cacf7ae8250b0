"""application/json: {"instances": [...]} in, {"predictions": [...]} out."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, BinaryIO, NoReturn

import simdjson

from container.codecs.blocks import Columns, Encoding, Features, Matrix
from container.codecs.digits import write_rows
from container.codecs.instances import read_instances
from container.codecs.numbers import REFUSALS, as_table, parse, take_list
from container.errors import DecodeError


def decode_records(stream: BinaryIO, parameters: Mapping[str, str], features: int) -> Iterator[Features]:
    """Read the instances of a request at once as (n, features), sparse if one is."""
    text = stream.read()
    if (X := _read_plain(text, features)) is not None:
        yield X
        return
    request = load(text)
    if not isinstance(request, dict) or not isinstance(request.get("instances"), list):
        raise DecodeError(f'expected {{"instances": [...]}}, found {json.dumps(request)[:80]}')
    if request["instances"]:
        yield read_instances(request["instances"], features)


def _read_plain(text: bytes, features: int) -> Matrix | None:
    """Read instances that are all of the plain form, with no other list in them; None where they must be looked at."""
    try:
        instances = parse(text)["instances"]
        if not 0 < len(instances) == text.count(b"[") - 1 == text.count(b'"features"'):
            return None
        rows = [take_list(instance["features"]) for instance in instances]
    except REFUSALS:
        return None
    return as_table(rows, features)


def encode(columns: Columns) -> bytes:
    """Write the rows, the columns in their order, floats with all their digits."""
    write = _template(tuple(columns)).format
    return ", ".join(map(write, *(write_rows(column, "[", ", ", "]") for column in columns.values()))).encode()


@lru_cache(maxsize=16)
def _template(names: tuple[str, ...]) -> str:
    return "{{" + ", ".join(f"{escape(name)}: {{}}" for name in names) + "}}"


def escape(name: str) -> str:
    """Write a name as JSON has it, for a format string."""
    return json.dumps(name).replace("{", "{{").replace("}", "}}")


ENCODING = Encoding(encode, b'{"predictions": [', b", ", b"]}")


def load(text: bytes) -> Any:
    """Parse strict JSON: NaN and Infinity are no numbers in it. What simdjson refuses, Python's own parser explains."""
    try:
        return simdjson.Parser().parse(text, recursive=True)
    except REFUSALS:
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
