"""A machine as flat bytes in shared memory: linear weights (d,), factors (d, k), names and recipe."""

from typing import TYPE_CHECKING, Any

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.learning.artifact.shared import pack_parts, unpack_parts
from open_algorithms.learning.features import pack_features, unpack_features

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MAGIC = b"FACTOR\x00\x01"


def pack_model(model: FactorModel) -> list[memoryview]:
    """Return the buffers that, concatenated, are the packed machine."""
    linear, factors = (np.ascontiguousarray(array) for array in (model.linear, model.factors))
    parts = (linear.data, factors.reshape(-1).data, *pack_features(model.names, model.recipe))
    header = {
        "predictor_type": model.predictor_type,
        "bias": model.bias,
        "type": linear.dtype.name,
        "shape": factors.shape,
        "threshold": model.threshold,
        "settings": dict(model.settings),
        "label_name": model.label_name,
        "label_classes": list(model.label_classes),
        "bytes": [part.nbytes for part in parts],
    }
    return pack_parts(MAGIC, header, parts)


def unpack_model(buffer: "ReadableBuffer") -> FactorModel:
    """Return the machine packed in `buffer`; its arrays are read-only views.

    Raises InputError where the buffer does not start with a complete packed machine.
    """

    def part_sizes(header: dict[str, Any]) -> list[int]:
        sizes: list[int] = header["bytes"]
        return sizes

    header, (linear, factors, names, recipe) = unpack_parts(MAGIC, buffer, part_sizes)
    feature_names, table = unpack_features(names, recipe)
    return FactorModel(
        header["predictor_type"],
        header["bias"],
        np.frombuffer(linear, header["type"]),
        np.frombuffer(factors, np.float32).reshape(header["shape"]),
        header["threshold"],
        header["settings"],
        feature_names,
        header["label_name"],
        table,
        tuple(header["label_classes"]),
    )
