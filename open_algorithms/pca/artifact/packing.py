"""The packed model: loadings (d, k), mean (d,), singular values (k,), scales (d,), names and recipe.

Tests: tests/pca/artifact/test_read.py.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from open_algorithms.learning.artifact.shared import pack_parts, unpack_parts
from open_algorithms.learning.features import pack_features, unpack_features
from open_algorithms.pca.artifact.model import ComponentModel

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MAGIC = b"PCA\x00\x00\x00\x00\x01"


def pack_model(model: ComponentModel) -> list[memoryview]:
    """Return the buffers that, concatenated, are the packed model."""
    scales = np.zeros(0) if model.scales is None else model.scales
    arrays = [np.ascontiguousarray(array) for array in (model.loadings, model.mean, model.singular_values, scales)]
    parts = (*(array.data for array in arrays), *pack_features(model.names, model.recipe))
    header = {
        "shape": model.loadings.shape,
        "type": model.mean.dtype.name,
        "facts": dict(model.facts),
        "bytes": [part.nbytes for part in parts],
    }
    return pack_parts(MAGIC, header, parts)


def unpack_model(buffer: "ReadableBuffer") -> ComponentModel:
    """Return the model packed in `buffer`; its arrays are read-only views.

    Raises InputError where the buffer does not start with a complete packed model.
    """

    def part_sizes(header: dict[str, Any]) -> list[int]:
        sizes: list[int] = header["bytes"]
        return sizes

    header, (loadings, mean, singular_values, scales, names, recipe) = unpack_parts(MAGIC, buffer, part_sizes)
    return ComponentModel(
        np.frombuffer(loadings, np.float32).reshape(header["shape"]),
        np.frombuffer(mean, header["type"]),
        np.frombuffer(singular_values, np.float32),
        np.frombuffer(scales, np.float64) if len(scales) else None,
        header["facts"],
        *unpack_features(names, recipe),
    )
