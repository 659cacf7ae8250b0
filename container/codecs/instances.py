"""The three forms in which JSON holds a record: plain, dense and sparse."""

import json
from typing import Any

import numpy as np

from container.codecs.blocks import Matrix, first_bad
from container.errors import DecodeError

_FORMS = (
    '{"features": [...]}, {"data": {"features": {"values": [...]}}} or '
    '{"data": {"features": {"keys": [...], "shape": [...], "values": [...]}}}'
)


def read_instances(instances: list[Any], features: int) -> Matrix:
    """Read records of any of the forms, mixed as they come, as (n, features)."""
    if not instances:
        return np.empty((0, features), np.float32)
    rows = [_read_instance(instance, features, number) for number, instance in enumerate(instances, 1)]
    try:
        table = np.array(rows)
    except ValueError:
        table = _read_slowly(rows)
    if table.ndim != 2 or table.dtype.kind not in "fiub":
        table = _read_slowly(rows)
    with np.errstate(over="ignore"):
        X = table.astype(np.float32)
    if bad := first_bad(X):
        row, column = bad
        raise _not_a_number(rows[row][column], row, column)
    return X


def _read_instance(instance: Any, features: int, number: int) -> list[Any]:
    record = f"record {number}"
    values = instance.get("features") if isinstance(instance, dict) else None
    if values is None:
        try:
            tensor = instance["data"]["features"]
            values = tensor["values"]
        except (KeyError, TypeError):
            raise DecodeError(f"expected {_FORMS}, found {_show(instance)}", record) from None
        if "keys" in tensor:
            return _densify(tensor, features, record)
    if not isinstance(values, list):
        raise DecodeError(f"expected a list of {features} numbers as features, found {_show(values)}", record)
    if len(values) != features:
        raise DecodeError(f"expected {features} features, found {len(values)}", record)
    return values


def _densify(tensor: dict[str, Any], features: int, record: str) -> list[Any]:
    keys, values, shape = tensor["keys"], tensor["values"], tensor.get("shape")
    if shape != [features]:
        raise DecodeError(f"expected a shape of [{features}] with keys, found {_show(shape)}", record)
    if not isinstance(keys, list) or not isinstance(values, list) or len(keys) != len(values):
        raise DecodeError("expected keys and values as two lists of one length", record)
    row: list[Any] = [0.0] * features
    seen = set()
    for key, value in zip(keys, values, strict=True):
        if type(key) is not int or not 0 <= key < features or key in seen:
            raise DecodeError(f"expected different whole keys from 0 to {features - 1}, found {_show(key)}", record)
        seen.add(key)
        row[key] = value
    return row


def _read_slowly(rows: list[list[Any]]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Convert value by value, for numbers that numpy has no common type for, naming the first that is none."""
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            if not isinstance(value, int | float):
                raise _not_a_number(value, row, column)
    try:
        return np.array(rows, np.float64)
    except OverflowError:
        raise DecodeError("a whole number is too large for a 32-bit float") from None


def _not_a_number(value: Any, row: int, column: int) -> DecodeError:
    problem = f"expected a finite number within the range of a 32-bit float, found {_show(value)}"
    return DecodeError(problem, f"record {row + 1}", f"feature {column + 1}")


def _show(value: Any) -> str:
    return json.dumps(value)[:80]
