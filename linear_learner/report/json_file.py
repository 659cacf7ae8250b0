"""report.json, written from the report."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from linear_learner.report.schema import Report, ThresholdEntry


def encode_report(report: Report) -> str:
    """Encode the report as JSON; numbers that are not finite become null."""
    return json.dumps(plain_value(report), allow_nan=False)


def plain_value(value: object) -> object:
    """Convert dataclasses to dictionaries, recursively.

    A field whose default is None is left out where it is None; `class_` is called `class`.
    """
    if isinstance(value, ThresholdEntry):
        value = {
            "threshold": value.threshold,
            "flagged": value.flagged,
            **value.metrics,
            "calibrated": value.calibrated,
        }
    if is_dataclass(value):
        parts = ((field, getattr(value, field.name)) for field in fields(value))
        value = {f.name.rstrip("_"): part for f, part in parts if part is not None or f.default is not None}
    if isinstance(value, Mapping):
        return {name: plain_value(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain_value(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
