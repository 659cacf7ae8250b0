"""A model as flat bytes in shared memory: weight (d, K), bias (K,), deviations (d,), names and recipe.

The weight is float64, as the matrix product needs it, so that no process converts it and pages are only touched by
products. The names of the features and the recipe, in JSON, are decoded on first use.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from linear_learner.objective.model import LinearModel
from open_algorithms.learning.artifact.shared import pack_parts, unpack_parts
from open_algorithms.learning.features import pack_features, unpack_features
from open_algorithms.learning.types.arrays import Floats

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MAGIC = b"LINEAR\x00\x01"


def pack_model(model: LinearModel) -> list[memoryview]:
    """Return the buffers that, concatenated, are the packed model; the weight is not copied."""
    weight = np.ascontiguousarray(model.float64_weight)
    bias = np.ascontiguousarray(model.bias, np.float64 if model.exact else np.float32)
    known = np.zeros(0) if model.deviations is None else model.deviations
    deviations = np.ascontiguousarray(known, np.float32)
    names, recipe = pack_features(model.names, model.recipe)
    header = {
        "predictor_type": model.predictor_type,
        "loss_type": model.loss_type,
        "threshold": float(model.threshold),
        "metrics_params": model.metrics_params,
        "blurred": model.blurred,
        "shape": weight.shape,
        "bias_bytes": bias.nbytes,
        "deviations_bytes": deviations.nbytes,
        "names_bytes": len(names),
        "recipe_bytes": len(recipe),
        "label_classes": model.label_classes,
    }
    return pack_parts(MAGIC, header, (weight.data, bias.data, deviations.data, names, recipe))


def unpack_model(buffer: "ReadableBuffer") -> LinearModel:
    """Return the model packed in `buffer`; its arrays are read-only views.

    Raises InputError where the buffer does not start with a complete packed model.
    """
    header, (weight_bytes, bias_bytes, deviations_bytes, *features) = unpack_parts(MAGIC, buffer, part_sizes)
    shape = header["shape"]
    names, recipe = unpack_features(*features)
    bias: Floats = np.frombuffer(bias_bytes, np.float64 if header["bias_bytes"] == 8 * shape[1] else np.float32)
    return LinearModel(
        header["predictor_type"],
        header["loss_type"],
        np.frombuffer(weight_bytes, np.float64).reshape(shape),
        bias,
        header["threshold"],
        header["metrics_params"],
        names,
        blurred=tuple(header["blurred"]),
        recipe=recipe,
        label_classes=tuple(header["label_classes"]),
        deviations=np.frombuffer(deviations_bytes, np.float32) if deviations_bytes else None,
    )


def part_sizes(header: dict[str, Any]) -> Sequence[int]:
    """Return the bytes of weight, bias, deviations, names and recipe."""
    features, outputs = header["shape"]
    others = (header[f"{name}_bytes"] for name in ("bias", "deviations", "names", "recipe"))
    return 8 * features * outputs, *others
