"""A model as flat bytes, for the processes of one server: one packs it, the others look at it where it lies.

    magic (8), length of the header (8), header in JSON, padding, weight (d, K), padding, bias (K,), padding, names

The weight is in float64, as the product needs it: no process casts it anew, and no page of it is touched before a
product does. Names of features, in JSON, are read once somebody asks for them, as few requests do. It is written and
read by ourselves; what others send is read by `loading`.
"""

import json
import struct
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from linear_learner.errors import InputError
from linear_learner.model import Model

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MAGIC = b"LINEAR\x00\x01"
START = struct.Struct("<8sQ")
ALIGNMENT = 64
LONGEST_HEADER = 64 << 20


def pack(model: Model) -> list[memoryview]:
    """Return the parts that, written one after the other, are the model; the weight among them is not copied."""
    weight = np.ascontiguousarray(model.wide_weight)
    bias = np.ascontiguousarray(model.bias, np.float64 if model.exact else np.float32)
    names = json.dumps(list(model.names)).encode() if model.names else b""
    header = json.dumps(
        {
            "predictor_type": model.predictor_type,
            "loss_type": model.loss_type,
            "threshold": float(model.threshold),
            "metrics_params": model.metrics_params,
            "blurred": model.blurred,
            "shape": weight.shape,
            "bias_bytes": bias.nbytes,
            "names_bytes": len(names),
        }
    ).encode()
    if len(header) > LONGEST_HEADER:
        raise ValueError(f"the header is {len(header)} bytes, beyond {LONGEST_HEADER}")
    start = START.pack(MAGIC, len(header)) + header
    parts = []
    for part in (memoryview(start), weight.data, bias.data, memoryview(names)):
        view = part.toreadonly().cast("B")
        parts += [view, memoryview(bytes(-len(view) % ALIGNMENT))]
    return parts


def packed_size(parts: list[memoryview]) -> int:
    """Count the bytes of all parts."""
    return sum(map(len, parts))


def unpack(buffer: "ReadableBuffer") -> Model:
    """Look at the model in `buffer`: its arrays are read-only views of it and nothing is copied.

    Raises InputError where it does not begin with a packed model, whole.
    """
    view = memoryview(buffer).toreadonly().cast("B")
    magic, length = START.unpack_from(view) if len(view) >= START.size else (b"", 0)
    if magic != MAGIC or length > LONGEST_HEADER or START.size + length > len(view):
        raise InputError(f"Expected a packed model that begins with {MAGIC!r}, found {magic!r} in {len(view)} bytes.")
    header: dict[str, Any] = json.loads(bytes(view[START.size : START.size + length]))
    features, outputs = header.pop("shape")
    weight_at = aligned(START.size + length)
    bias_at = aligned(weight_at + features * outputs * 8)
    bias_bytes, names_bytes = header.pop("bias_bytes"), header.pop("names_bytes")
    names_at = aligned(bias_at + bias_bytes)
    if names_at + names_bytes > len(view):
        raise InputError(f"Expected a packed model of {names_at + names_bytes} bytes, found {len(view)}.")
    weight = np.frombuffer(view, np.float64, features * outputs, weight_at).reshape(features, outputs)
    kind = np.float64 if bias_bytes == 8 * outputs else np.float32
    bias: NDArray[Any] = np.frombuffer(view, kind, outputs, bias_at)
    names = PackedNames(view[names_at : names_at + names_bytes]) if names_bytes else ()
    return Model(weight=weight, bias=bias, names=names, **header | {"blurred": tuple(header["blurred"])})


class PackedNames(Sequence[str]):
    """Names that are read from their bytes when they are first asked for."""

    def __init__(self, packed: memoryview) -> None:
        self._packed = packed

    @cached_property
    def _names(self) -> list[str]:
        found: list[str] = json.loads(bytes(self._packed))
        return found

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        return self._names[place]

    def __len__(self) -> int:
        return len(self._names)


def aligned(place: int) -> int:
    """Return the next place where an array may begin."""
    return place + -place % ALIGNMENT
