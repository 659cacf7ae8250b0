"""application/json: {"instances": [...]} in, a list of answers under a key such as "predictions" out."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, BinaryIO, NoReturn

import simdjson

from container.codecs.asked.objects import encode_asked_records, split_pieces
from container.codecs.sniffing.sniff import JSON, explain_mismatch
from container.codecs.text.digits import write_column_rows
from container.codecs.text.instance_faults import explain_document, explain_python
from container.codecs.text.instances import read_instances
from container.codecs.text.numbers import SIMDJSON_ERRORS, parse_lazily, read_number_list, stack_plain_rows
from container.contract.errors import DecodeError
from container.rows.asked import AskedTable
from container.rows.blocks import (
    DEFAULT_OPTIONS,
    AnswerColumns,
    AnswerEncoding,
    DecodeOptions,
    Features,
    FloatType,
    Matrix,
)

_PIECE_ROWS, _PIECE_VALUES = 4096, 1 << 18  # that are read at once


def decode_records(
    stream: BinaryIO, parameters: Mapping[str, str], feature_dim: int, options: DecodeOptions = DEFAULT_OPTIONS
) -> Iterator[Features]:
    """Decode the instances of a request, (n, feature_dim); a piece is CSR if one of its records is sparse."""
    text = stream.read()
    instances, plain = _find_instances(text)
    first = 1
    while piece := list(islice(instances, max(1, min(_PIECE_ROWS, _PIECE_VALUES // feature_dim)))):
        X = _read_plain_instances(piece, feature_dim, options.dtype) if plain else None
        yield (
            read_instances([_to_python(item) for item in piece], feature_dim, first, options.dtype) if X is None else X
        )
        first += len(piece)


def decode_asked(stream: BinaryIO, parameters: Mapping[str, str], table: AskedTable) -> Iterator[Features]:
    """Decode instances that are rows of a table, as objects of columns or as lists of all, or features if sparse."""
    instances, _ = _find_instances(stream.read())
    return encode_asked_records(split_pieces(map(_to_python, instances), table), table)


def _find_instances(text: bytes) -> tuple[Iterator[Any], bool]:
    """Return the instances, and whether they may all be plain, that is, contain no other list.

    Parses by simdjson, or by Python where simdjson fails or the document has several lists of instances.
    """
    try:
        document = parse_lazily(text)
        once = list(document).count("instances") == 1  # of several the last counts, but simdjson gives the first
    except SIMDJSON_ERRORS:
        once = False
    if not once:
        document = _load_document(text)
    instances = document.get("instances") if isinstance(document, simdjson.Object | dict) else None
    if not isinstance(instances, simdjson.Array | list):
        raise DecodeError(explain_document(_to_python(document)))
    plain = len(instances) == text.count(b"[") - 1 == text.count(b'"features"')
    return iter(instances), plain and isinstance(instances, simdjson.Array)


def _load_document(text: bytes) -> Any:
    """Parse a body as strict JSON; raise DecodeError with a hint about what it may be."""
    try:
        return load_strict_json(text)
    except DecodeError as error:
        if text.strip() and text.lstrip()[:1] not in (b"{", b"["):
            raise DecodeError(explain_mismatch(JSON, text, is_request=True)) from None
        several = ". For one record a line set the content type to application/jsonlines"
        hint = several if error.problem.endswith("Extra data") else explain_python(text)
        raise DecodeError(error.problem + hint, *error.location) from None


def _to_python(value: Any) -> Any:
    if isinstance(value, simdjson.Object):
        return value.as_dict()
    return value.as_list() if isinstance(value, simdjson.Array) else value


def _read_plain_instances(piece: list[Any], feature_dim: int, dtype: FloatType) -> Matrix | None:
    """Read instances that are all in the plain form; None if they need a closer look."""
    try:
        return stack_plain_rows([read_number_list(instance["features"]) for instance in piece], feature_dim, dtype)
    except SIMDJSON_ERRORS:
        return None


def encode_answer(columns: AnswerColumns) -> bytes:
    """Write the rows, the columns in their order, floats with all their digits."""
    write = _row_template(tuple(columns)).format
    return ", ".join(map(write, *(write_column_rows(column, "[", ", ", "]") for column in columns.values()))).encode()


@lru_cache(maxsize=16)
def _row_template(names: tuple[str, ...]) -> str:
    return "{{" + ", ".join(f"{escape_key(name)}: {{}}" for name in names) + "}}"


def escape_key(name: str) -> str:
    """Encode a name as JSON, with braces doubled for `str.format`."""
    return json.dumps(name).replace("{", "{{").replace("}", "}}")


ENCODING = AnswerEncoding(encode_answer, b"{%(key)s: [", b", ", b"]}", write_text=json.dumps)


def load_strict_json(text: bytes) -> Any:
    """Parse strict JSON, without NaN and Infinity, by simdjson; what it rejects goes to Python's parser."""
    try:
        return simdjson.Parser().parse(text, recursive=True)
    except SIMDJSON_ERRORS:
        return _load_by_python(text)


def _load_by_python(text: bytes) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise DecodeError(f"not JSON: {error.msg}", f"line {error.lineno}", f"column {error.colno}") from None
    except UnicodeDecodeError as error:
        raise DecodeError("not JSON: expected UTF-8 text", f"byte {error.start + 1}") from None
    except RecursionError:
        raise DecodeError("not JSON of any form that is read here: nested too deeply") from None
    except ValueError as error:
        raise DecodeError(f"not JSON: {error}") from None


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(
        f"{constant} is no number in JSON, and a record that holds it cannot be scored. Fill missing values in"
    )
