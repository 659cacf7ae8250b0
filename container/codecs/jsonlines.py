"""application/jsonlines: one record a line, one answer a line."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, BinaryIO

from container.codecs.json import escape, load
from container.codecs.lines import read_lines_as_they_come
from container.codecs.sniffing.sniff import JSON_LINES
from container.codecs.text.digits import cut_numbers, write_rows
from container.codecs.text.instance_faults import describe_python
from container.codecs.text.instances import read_instances
from container.codecs.text.numbers import REFUSALS, as_table, parse, take_list
from container.contract.errors import DecodeError
from container.rows.blocks import PLAIN, Columns, Features, Guide, Matrix


def decode_records(
    stream: BinaryIO, parameters: Mapping[str, str], features: int, guide: Guide = PLAIN
) -> Iterator[Features]:
    """Decode one record per line as (n, feature_dim), CSR if one of a piece is sparse; blank lines do not count."""
    number = 1
    for text in read_lines_as_they_come(stream, JSON_LINES):
        lines = list(filter(bytes.strip, text.splitlines()))
        if (X := _read_plain(lines, features, guide.kind)) is not None:
            yield X
            number += len(lines)
            continue
        records = []
        for line in lines:
            try:
                records.append(load(line))
            except DecodeError as error:
                raise DecodeError(
                    _explain(error.problem, line), f"record {number + len(records)}", *error.place[1:]
                ) from None
        if records:
            yield read_instances(records, features, number, guide.kind)
        number += len(records)


def _read_plain(lines: list[bytes], features: int, kind: Any) -> Matrix | None:
    """Read lines that are all in the plain form and contain no other list; None if they need a closer look."""
    rows = []
    try:
        for line in lines:
            if not line.count(b"[") == line.count(b'"features"') == 1:
                return None
            rows.append(take_list(parse(line)["features"]))
    except REFUSALS:
        return None
    return as_table(rows, features, kind) if rows else None


def _explain(problem: str, line: bytes) -> str:
    """Add to the parser's message what the line may be instead of a record."""
    if line.strip()[:1] not in (b"{", b"["):
        return f'{problem}. A line is a record, {{"features": [...]}}; for CSV set the content type to text/csv'
    if problem.endswith("Extra data"):
        return f"{problem}. Every record is a whole line, and curl keeps line breaks by --data-binary only"
    if line.strip()[-1:] != b"}":
        return f"{problem}. Every record is a whole line"
    return problem + describe_python(line)


def encode(columns: Columns) -> bytes:
    """Write one compact object per line, keys sorted, floats truncated as the original's answers are."""
    names = sorted(columns)
    write = _template(tuple(names)).format
    rows = (write_rows(columns[name], "[", ",", "]", cut_numbers) for name in names)
    return "".join(map(write, *rows)).encode()


@lru_cache(maxsize=16)
def _template(names: tuple[str, ...]) -> str:
    return "{{" + ",".join(f"{escape(name)}:{{}}" for name in names) + "}}\n"
