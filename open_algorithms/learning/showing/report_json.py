"""report.json, written from the dataclasses of a report."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

BESIDE = {"beside": True}  # metadata of a field whose mapping stands beside the other fields, in its place


def encode_report(report: object) -> str:
    """Encode a report as JSON; numbers that are not finite become null."""
    return json.dumps(plain_value(report), allow_nan=False)


def plain_value(value: object) -> object:
    """Convert dataclasses to dictionaries, recursively.

    A field whose default is None is left out where it is None; `class_` is called `class`.
    """
    if is_dataclass(value):
        found: dict[str, object] = {}
        for field in fields(value):
            part = getattr(value, field.name)
            if field.metadata == BESIDE:
                found |= part
            elif part is not None or field.default is not None:
                found[field.name.rstrip("_")] = part
        value = found
    if isinstance(value, Mapping):
        return {name: plain_value(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain_value(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
