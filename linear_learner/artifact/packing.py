"""A model as flat bytes in shared memory: one process of a server packs it, the others map it.

    magic (8), length of the header (8), header in JSON, padding, weight (d, K), padding, bias (K,), padding, names

The weight is float64, as the matrix product needs it, so that no process converts it and pages are only touched by
products. The names of the features, in JSON, are decoded on first use. Written and read by this program only;
artifacts from outside are read by `loading`.
"""

import json
import struct
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from linear_learner.objective.model import LinearModel
from open_algorithms.learning.job.errors import InputError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MAGIC = b"LINEAR\x00\x01"
PREFIX = struct.Struct("<8sQ")
ALIGNMENT = 64
LONGEST_HEADER = 64 << 20


def pack_model(model: LinearModel) -> list[memoryview]:
    """Return the buffers that, concatenated, are the packed model; the weight is not copied."""
    weight = np.ascontiguousarray(model.float64_weight)
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
    start = PREFIX.pack(MAGIC, len(header)) + header
    parts = []
    for part in (memoryview(start), weight.data, bias.data, memoryview(names)):
        view = part.toreadonly().cast("B")
        parts += [view, memoryview(bytes(-len(view) % ALIGNMENT))]
    return parts


def packed_size(parts: list[memoryview]) -> int:
    """Return the total size of the buffers in bytes."""
    return sum(map(len, parts))


def unpack_model(buffer: "ReadableBuffer") -> LinearModel:
    """Return the model packed in `buffer`; its arrays are read-only views.

    Raises InputError where the buffer does not start with a complete packed model.
    """
    view = memoryview(buffer).toreadonly().cast("B")
    magic, length = PREFIX.unpack_from(view) if len(view) >= PREFIX.size else (b"", 0)
    if magic != MAGIC or length > LONGEST_HEADER or PREFIX.size + length > len(view):
        raise InputError(f"Expected a packed model that begins with {MAGIC!r}, found {magic!r} in {len(view)} bytes.")
    header: dict[str, Any] = json.loads(bytes(view[PREFIX.size : PREFIX.size + length]))
    features, outputs = header.pop("shape")
    weight_at = aligned_offset(PREFIX.size + length)
    bias_at = aligned_offset(weight_at + features * outputs * 8)
    bias_bytes, names_bytes = header.pop("bias_bytes"), header.pop("names_bytes")
    names_at = aligned_offset(bias_at + bias_bytes)
    if names_at + names_bytes > len(view):
        raise InputError(f"Expected a packed model of {names_at + names_bytes} bytes, found {len(view)}.")
    weight = np.frombuffer(view, np.float64, features * outputs, weight_at).reshape(features, outputs)
    kind = np.float64 if bias_bytes == 8 * outputs else np.float32
    bias: NDArray[Any] = np.frombuffer(view, kind, outputs, bias_at)
    names = PackedNames(view[names_at : names_at + names_bytes]) if names_bytes else ()
    return LinearModel(weight=weight, bias=bias, names=names, **header | {"blurred": tuple(header["blurred"])})


class PackedNames(Sequence[str]):
    """Feature names, decoded from their bytes on first use."""

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


def aligned_offset(offset: int) -> int:
    """Return the next offset at which an array may start."""
    return offset + -offset % ALIGNMENT
