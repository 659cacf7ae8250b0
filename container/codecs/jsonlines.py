"""application/jsonlines: one record a line, one answer a line."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from container.codecs.blocks import Columns, Features
from container.codecs.instances import read_instances
from container.codecs.json import load
from container.codecs.lines import read_lines_as_they_come
from container.errors import DecodeError

_MEDIA_TYPE = "application/json"  # what a line looks like
_DECIMALS = 15
_SPARE = 25


def decode_records(stream: BinaryIO, parameters: Mapping[str, str], features: int) -> Iterator[Features]:
    """Read one record a line as (n, features), sparse if one of a piece is; empty lines do not count."""
    number = 1
    for text in read_lines_as_they_come(stream, _MEDIA_TYPE):
        records = []
        for line in filter(bytes.strip, text.splitlines()):
            try:
                records.append(load(line))
            except DecodeError as error:
                raise DecodeError(error.problem, f"record {number + len(records)}", *error.place[1:]) from None
        if records:
            yield read_instances(records, features, number)
        number += len(records)


def encode(columns: Columns) -> bytes:
    """Write one compact object a line, keys in alphabetical order."""
    names = [json.dumps(name).replace("{", "{{").replace("}", "}}") for name in sorted(columns)]
    template = "{{" + ",".join(f"{name}:{{}}" for name in names) + "}}\n"
    return "".join(map(template.format, *(map(_number, columns[name].tolist()) for name in sorted(columns)))).encode()


def _number(value: Any) -> str:
    """Cut a float after 15 decimals without rounding, as the original's answers are."""
    if isinstance(value, list):
        return f"[{','.join(map(_number, value))}]"
    if not isinstance(value, float):
        return json.dumps(value)
    text = f"{value:.{_DECIMALS + _SPARE}f}"[:-_SPARE].rstrip("0")
    return text + "0" if text.endswith(".") else text
