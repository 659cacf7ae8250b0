"""application/json: {"instances": [...]} in, {"predictions": [...]} out."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, BinaryIO, NoReturn

import simdjson

from container.codecs.sniffing.sniff import JSON, mismatch
from container.codecs.text.digits import write_rows
from container.codecs.text.instance_faults import describe_document, describe_python
from container.codecs.text.instances import read_instances
from container.codecs.text.numbers import REFUSALS, as_table, parse, take_list
from container.contract.errors import DecodeError
from container.rows.blocks import PLAIN, Columns, Encoding, Features, Guide, Matrix

_ROWS, _VALUES = 4096, 1 << 18  # that are read at once


def decode_records(
    stream: BinaryIO, parameters: Mapping[str, str], features: int, guide: Guide = PLAIN
) -> Iterator[Features]:
    """Decode the instances of a request, (n, feature_dim); a piece is CSR if one of its records is sparse."""
    text = stream.read()
    instances, plain = _find_instances(text)
    first = 1
    while piece := list(islice(instances, max(1, min(_ROWS, _VALUES // features)))):
        X = _read_plain(piece, features, guide.kind) if plain else None
        yield read_instances([_as_python(item) for item in piece], features, first, guide.kind) if X is None else X
        first += len(piece)


def _find_instances(text: bytes) -> tuple[Iterator[Any], bool]:
    """Return the instances, and whether they may all be plain, that is, contain no other list.

    Parses by simdjson, or by Python where simdjson fails or the document has several lists of instances.
    """
    try:
        document = parse(text)
        once = list(document).count("instances") == 1  # of several the last counts, but simdjson gives the first
    except REFUSALS:
        once = False
    if not once:
        document = _load_document(text)
    instances = document.get("instances") if isinstance(document, simdjson.Object | dict) else None
    if not isinstance(instances, simdjson.Array | list):
        raise DecodeError(describe_document(_as_python(document)))
    plain = len(instances) == text.count(b"[") - 1 == text.count(b'"features"')
    return iter(instances), plain and isinstance(instances, simdjson.Array)


def _load_document(text: bytes) -> Any:
    """Parse a body as strict JSON; raise DecodeError with a hint about what it may be."""
    try:
        return load(text)
    except DecodeError as error:
        if text.strip() and text.lstrip()[:1] not in (b"{", b"["):
            raise DecodeError(mismatch(JSON, text, request=True)) from None
        several = ". For one record a line set the content type to application/jsonlines"
        hint = several if error.problem.endswith("Extra data") else describe_python(text)
        raise DecodeError(error.problem + hint, *error.place) from None


def _as_python(value: Any) -> Any:
    if isinstance(value, simdjson.Object):
        return value.as_dict()
    return value.as_list() if isinstance(value, simdjson.Array) else value


def _read_plain(piece: list[Any], features: int, kind: Any) -> Matrix | None:
    """Read instances that are all in the plain form; None if they need a closer look."""
    try:
        return as_table([take_list(instance["features"]) for instance in piece], features, kind)
    except REFUSALS:
        return None


def encode(columns: Columns) -> bytes:
    """Write the rows, the columns in their order, floats with all their digits."""
    write = _template(tuple(columns)).format
    return ", ".join(map(write, *(write_rows(column, "[", ", ", "]") for column in columns.values()))).encode()


@lru_cache(maxsize=16)
def _template(names: tuple[str, ...]) -> str:
    return "{{" + ", ".join(f"{escape(name)}: {{}}" for name in names) + "}}"


def escape(name: str) -> str:
    """Encode a name as JSON, with braces doubled for `str.format`."""
    return json.dumps(name).replace("{", "{{").replace("}", "}}")


ENCODING = Encoding(encode, b'{"predictions": [', b", ", b"]}")


def load(text: bytes) -> Any:
    """Parse strict JSON, without NaN and Infinity, by simdjson; what it rejects goes to Python's parser."""
    try:
        return simdjson.Parser().parse(text, recursive=True)
    except REFUSALS:
        return _load_slowly(text)


def _load_slowly(text: bytes) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise DecodeError(f"not JSON: {error.msg}", f"line {error.lineno}", f"column {error.colno}") from None
    except UnicodeDecodeError as error:
        raise DecodeError("not JSON: expected UTF-8 text", f"byte {error.start + 1}") from None
    except RecursionError:
        raise DecodeError("not JSON of any form that is read here: nested too deeply") from None
    except ValueError as error:
        raise DecodeError(f"not JSON: {error}") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(
        f"{constant} is no number in JSON, and a record that holds it cannot be scored. Fill missing values in"
    )
