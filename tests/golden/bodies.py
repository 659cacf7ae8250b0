"""Requests and answers in every format."""

import json
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from container.codecs.recordio import encode_records
from container.codecs.records.record_pb2 import Record


def write_request(kind: str, records: list[list[float]]) -> bytes:
    """Write records in one format."""
    match kind:
        case "application/json":
            return json.dumps({"instances": [{"features": record} for record in records]}).encode()
        case "application/jsonlines":
            return "\n".join(json.dumps({"features": record}) for record in records).encode()
        case "text/csv":
            return "\n".join(",".join(map(str, record)) for record in records).encode()
        case "text/libsvm":
            return "\n".join(" ".join(f"{i}:{value}" for i, value in enumerate(row, 1)) for row in records).encode()
        case "application/x-parquet":
            columns = np.array(records, np.float32).T
            parquet.write_table(pa.table({f"c{i}": column for i, column in enumerate(columns)}), table := BytesIO())
            return table.getvalue()
    return encode_records(np.array(records, np.float32))


def read_answer(kind: str, answer: bytes, names: Sequence[str], key: str = "predictions") -> list[list[Any]]:
    """Read the columns `names` of each record: numbers, or lists of them; JSON has them under `key`."""
    match kind:
        case "application/json":
            return [[row[name] for name in names] for row in json.loads(answer)[key]]
        case "application/jsonlines":
            return [[row[name] for name in names] for row in map(json.loads, answer.splitlines())]
        case "text/csv":
            return [list(map(float, line.split(b","))) for line in answer.splitlines()]
    rows, at = [], 0
    while at < len(answer):
        size = int.from_bytes(answer[at + 4 : at + 8], "little")
        label = Record.FromString(answer[at + 8 : at + 8 + size]).label
        values = [list(label[name].float32_tensor.values) for name in names]
        rows.append([numbers[0] if len(numbers) == 1 else numbers for numbers in values])
        at += 8 + size + -size % 4
    return rows
