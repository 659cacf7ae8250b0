"""application/jsonlines: one record a line, one answer a line.

Tests: tests/container/codecs/test_json.py.
"""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, BinaryIO

from container.codecs.asked.objects import encode_asked_records
from container.codecs.json import escape_key, load_strict_json
from container.codecs.lines import read_request_lines
from container.codecs.sniffing.sniff import JSON_LINES
from container.codecs.text.digits import write_column_rows, write_truncated
from container.codecs.text.instance_faults import explain_python
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


def decode_records(
    stream: BinaryIO, parameters: Mapping[str, str], feature_dim: int, options: DecodeOptions = DEFAULT_OPTIONS
) -> Iterator[Features]:
    """Decode one record per line as (n, feature_dim), CSR if one of a piece is sparse; blank lines do not count."""
    number = 1
    for lines in _read_pieces(stream):
        if (X := _read_plain_lines(lines, feature_dim, options.dtype)) is not None:
            yield X
            number += len(lines)
            continue
        if records := parse_lines(lines, number):
            yield read_instances(records, feature_dim, number, options.dtype)
        number += len(records)


def decode_asked(stream: BinaryIO, parameters: Mapping[str, str], table: AskedTable) -> Iterator[Features]:
    """Decode lines that are rows of a table, as objects of columns or as lists of all, or features if sparse."""

    def parse_pieces() -> Iterator[list[Any]]:
        number = 1
        for lines in _read_pieces(stream):
            yield parse_lines(lines, number)
            number += len(lines)

    return encode_asked_records(parse_pieces(), table)


def _read_pieces(stream: BinaryIO) -> Iterator[list[bytes]]:
    """Yield lines that are not blank, as many as there are at once."""
    for text in read_request_lines(stream, JSON_LINES):
        yield list(filter(bytes.strip, text.splitlines()))


def parse_lines(lines: list[bytes], number: int) -> list[Any]:
    """Parse lines as JSON; raises DecodeError with the number of the line, that of the first being `number`."""
    records: list[Any] = []
    for line in lines:
        try:
            records.append(load_strict_json(line))
        except DecodeError as error:
            place = f"record {number + len(records)}"
            raise DecodeError(_explain_line(error.problem, line), place, *error.location[1:]) from None
    return records


def _read_plain_lines(lines: list[bytes], feature_dim: int, dtype: FloatType) -> Matrix | None:
    """Read lines that are all in the plain form and contain no other list; None if they need a closer look."""
    rows = []
    try:
        for line in lines:
            if not line.count(b"[") == line.count(b'"features"') == 1:
                return None
            rows.append(read_number_list(parse_lazily(line)["features"]))
    except SIMDJSON_ERRORS:
        return None
    return stack_plain_rows(rows, feature_dim, dtype) if rows else None


def _explain_line(problem: str, line: bytes) -> str:
    """Add to the parser's message what the line may be instead of a record."""
    if line.strip()[:1] not in (b"{", b"["):
        return f'{problem}. A line is a record, {{"features": [...]}}; for CSV set the content type to text/csv'
    if problem.endswith("Extra data"):
        return f"{problem}. Every record is a whole line, and curl keeps line breaks by --data-binary only"
    if line.strip()[-1:] != b"}":
        return f"{problem}. Every record is a whole line"
    return problem + explain_python(line)


def encode_answer(columns: AnswerColumns) -> bytes:
    """Write one compact object per line, keys sorted, floats truncated as the original's answers are."""
    names = sorted(columns)
    write = _answer_line_template(tuple(names)).format
    rows = (write_column_rows(columns[name], "[", ",", "]", write_truncated) for name in names)
    return "".join(map(write, *rows)).encode()


@lru_cache(maxsize=16)
def _answer_line_template(names: tuple[str, ...]) -> str:
    return "{{" + ",".join(f"{escape_key(name)}:{{}}" for name in names) + "}}\n"


ENCODING = AnswerEncoding(encode_answer, write_text=json.dumps)
