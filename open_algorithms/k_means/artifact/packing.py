"""A model as flat bytes in shared memory: its centers (k, d), deviations (d,), names and recipe.

Tests: tests/k_means/artifact/test_read.py.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.learning.artifact.shared import pack_parts, unpack_parts
from open_algorithms.learning.features import pack_features, unpack_features

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MAGIC = b"KMEANS\x00\x01"


def pack_model(model: CentroidModel) -> list[memoryview]:
    """Return the buffers that, concatenated, are the packed model."""
    centers = np.ascontiguousarray(model.centers)
    deviations = np.zeros(0, np.float32) if model.deviations is None else np.ascontiguousarray(model.deviations)
    parts = (centers.data, deviations.data, *pack_features(model.names, model.recipe))
    header = {
        "shape": centers.shape,
        "type": centers.dtype.name,
        "facts": dict(model.facts),
        "bytes": [part.nbytes for part in parts],
    }
    return pack_parts(MAGIC, header, parts)


def unpack_model(buffer: "ReadableBuffer") -> CentroidModel:
    """Return the model packed in `buffer`; its arrays are read-only views.

    Raises InputError where the buffer does not start with a complete packed model.
    """

    def part_sizes(header: dict[str, Any]) -> list[int]:
        sizes: list[int] = header["bytes"]
        return sizes

    header, (centers, deviations, names, recipe) = unpack_parts(MAGIC, buffer, part_sizes)
    return CentroidModel(
        np.frombuffer(centers, header["type"]).reshape(header["shape"]),
        np.frombuffer(deviations, np.float32) if len(deviations) else None,
        header["facts"],
        *unpack_features(names, recipe),
    )
