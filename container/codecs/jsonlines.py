"""application/jsonlines: one record a line, one answer a line."""

import json
from collections.abc import Mapping
from typing import Any

from container.codecs.blocks import Columns, Features
from container.codecs.instances import read_instances
from container.codecs.json import load, rows
from container.errors import DecodeError

_DECIMALS = 15
_SPARE = 25


def decode(body: bytes, parameters: Mapping[str, str], features: int) -> Features:
    """Read one record a line as (n, features), sparse if one is; empty lines do not count."""
    records = []
    for line in filter(bytes.strip, body.splitlines()):
        try:
            records.append(load(line))
        except DecodeError as error:
            raise DecodeError(error.problem, f"record {len(records) + 1}", *error.place[1:]) from None
    return read_instances(records, features)


def encode(columns: Columns) -> bytes:
    """Write one compact object a line, keys in alphabetical order."""
    return "".join(_line(row) for row in rows(columns)).encode()


def _line(row: dict[str, Any]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{_number(row[name])}" for name in sorted(row)) + "}\n"


def _number(value: Any) -> str:
    """Cut a float after 15 decimals without rounding, as the original's answers are."""
    if isinstance(value, list):
        return f"[{','.join(map(_number, value))}]"
    if not isinstance(value, float):
        return json.dumps(value)
    text = f"{value:.{_DECIMALS + _SPARE}f}"[:-_SPARE].rstrip("0")
    return text + "0" if text.endswith(".") else text
