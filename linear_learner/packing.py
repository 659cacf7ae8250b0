"""A model as flat bytes, for the processes of one server: one packs it, the others look at it where it lies.

    magic (8), length of the header (8), header in JSON, padding, weight (d, K), padding, bias (K,)

The weight is in float64, as the product needs it: no process casts it anew, and no page of it is touched before a
product does. Names of features are left out: scoring does not ask for them, and every request would read them all. It
is written and read by ourselves; what others send is read by `loading`.
"""

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

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
    bias = np.ascontiguousarray(model.bias, np.float32)
    header = json.dumps(
        {
            "predictor_type": model.predictor_type,
            "loss_type": model.loss_type,
            "threshold": float(model.threshold),
            "metrics_params": model.metrics_params,
            "shape": weight.shape,
        }
    ).encode()
    if len(header) > LONGEST_HEADER:
        raise ValueError(f"the header is {len(header)} bytes, beyond {LONGEST_HEADER}")
    start = START.pack(MAGIC, len(header)) + header
    parts = []
    for part in (memoryview(start), weight.data, bias.data):
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
    if bias_at + outputs * 4 > len(view):
        raise InputError(f"Expected a packed model of {bias_at + outputs * 4} bytes, found {len(view)}.")
    weight = np.frombuffer(view, np.float64, features * outputs, weight_at).reshape(features, outputs)
    return Model(weight=weight, bias=np.frombuffer(view, np.float32, outputs, bias_at), **header)


def aligned(place: int) -> int:
    """Return the next place where an array may begin."""
    return place + -place % ALIGNMENT
