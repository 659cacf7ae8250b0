"""Records in JSON, in three forms: plain, dense and sparse."""

from array import array
from bisect import bisect_right
from itertools import accumulate, chain
from typing import Any

import numpy as np

from container.codecs.text.instance_faults import explain_features, explain_instance, explain_number, quote_json
from container.contract.errors import DecodeError
from container.rows.blocks import Features, FloatType, all_finite
from open_algorithms.learning.rows.csr import Csr

_Record = tuple[list[int] | None, list[Any]]  # the keys, rising, of a sparse one, and the values


def read_instances(instances: list[Any], feature_dim: int, first: int = 1, dtype: FloatType = np.float32) -> Features:
    """Read records of any form, (n, feature_dim): CSR if one of them is sparse.

    `first` is the number of the first record, for messages; `dtype` is float32 or float64. Raises DecodeError.
    """
    records = [_read_instance(instance, feature_dim, number) for number, instance in enumerate(instances, first)]
    rows = [values for _, values in records]
    code = np.dtype(dtype).char
    numbers: array[float] = array(code)
    try:
        for values in rows:
            numbers.fromlist(values)
    except (TypeError, OverflowError):
        numbers = array(code, [_to_float(number) for number in chain.from_iterable(rows)])
    data = np.frombuffer(numbers, dtype)
    if not all_finite(data):
        raise _non_finite_error(int(np.argmin(np.isfinite(data))), records, first)
    if all(keys is None for keys, _ in records):
        return data.reshape(len(records), feature_dim)
    starts = [0, *accumulate(map(len, rows))]
    keys = chain.from_iterable(range(feature_dim) if keys is None else keys for keys, _ in records)
    indices = np.fromiter(keys, np.int32, len(data))
    return Csr(data, indices, np.array(starts, np.int64), (len(records), feature_dim))


def _read_instance(instance: Any, feature_dim: int, number: int) -> _Record:
    record = f"record {number}"
    values = instance.get("features") if isinstance(instance, dict) else None
    if values is None:
        try:
            tensor = instance["data"]["features"]
            values = tensor["values"]
        except (KeyError, TypeError):
            raise DecodeError(explain_instance(instance), record) from None
        if "keys" in tensor:
            return _read_sparse_tensor(tensor, feature_dim, record)
    if not isinstance(values, list) or len(values) != feature_dim or isinstance(values[0], list):
        raise DecodeError(explain_features(values, feature_dim), record)
    return None, values


def _read_sparse_tensor(tensor: dict[str, Any], feature_dim: int, location: str) -> _Record:
    keys, values, shape = tensor["keys"], tensor["values"], tensor.get("shape")
    if shape != [feature_dim]:
        raise DecodeError(f"expected a shape of [{feature_dim}] with keys, found {quote_json(shape)}", location)
    if not isinstance(keys, list) or not isinstance(values, list) or len(keys) != len(values):
        raise DecodeError("expected keys and values as two lists of one length", location)
    seen: set[int] = set()
    for key in keys:
        if type(key) is not int or not 0 <= key < feature_dim or key in seen:
            raise DecodeError(
                f"expected different whole keys from 0 to {feature_dim - 1}, found {quote_json(key)}", location
            )
        seen.add(key)
    rising = sorted(zip(keys, values, strict=True))
    return [key for key, _ in rising], [value for _, value in rising]


def _to_float(number: Any) -> float:
    """Convert to float: NaN for what is not a number, infinity for a whole number beyond float64."""
    try:
        return float(number) if isinstance(number, int | float) else np.nan
    except OverflowError:
        return np.inf


def _non_finite_error(position: int, records: list[_Record], first: int) -> DecodeError:
    starts = [0, *accumulate(len(values) for _, values in records)]
    row = bisect_right(starts, position) - 1
    column = position - starts[row]
    keys, values = records[row]
    feature = column if keys is None else keys[column]
    return DecodeError(explain_number(values[column]), f"record {first + row}", f"feature {feature + 1}")
