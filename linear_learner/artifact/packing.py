"""A model as flat bytes in shared memory: its weight (d, K), its bias (K,), its names and its recipe.

The weight is float64, as the matrix product needs it, so that no process converts it and pages are only touched by
products. The names of the features and the recipe, in JSON, are decoded on first use.
"""

import json
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from linear_learner.objective.model import LinearModel
from open_algorithms.learning.artifact.shared import pack_parts, unpack_parts
from open_algorithms.learning.columns.document import read_recipe, write_recipe
from open_algorithms.learning.columns.recipe import Column, Recipe, Target
from open_algorithms.learning.types.arrays import Floats

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MAGIC = b"LINEAR\x00\x01"


def pack_model(model: LinearModel) -> list[memoryview]:
    """Return the buffers that, concatenated, are the packed model; the weight is not copied."""
    weight = np.ascontiguousarray(model.float64_weight)
    bias = np.ascontiguousarray(model.bias, np.float64 if model.exact else np.float32)
    names = json.dumps(list(model.names)).encode() if model.names else b""
    recipe = b"" if model.recipe is None else json.dumps(write_recipe(model.recipe)).encode()
    header = {
        "predictor_type": model.predictor_type,
        "loss_type": model.loss_type,
        "threshold": float(model.threshold),
        "metrics_params": model.metrics_params,
        "blurred": model.blurred,
        "shape": weight.shape,
        "bias_bytes": bias.nbytes,
        "names_bytes": len(names),
        "recipe_bytes": len(recipe),
        "label_classes": model.label_classes,
    }
    return pack_parts(MAGIC, header, (weight.data, bias.data, memoryview(names), memoryview(recipe)))


def unpack_model(buffer: "ReadableBuffer") -> LinearModel:
    """Return the model packed in `buffer`; its arrays are read-only views.

    Raises InputError where the buffer does not start with a complete packed model.
    """
    header, (weight_bytes, bias_bytes, names_bytes, recipe_bytes) = unpack_parts(MAGIC, buffer, part_sizes)
    shape = header["shape"]
    bias: Floats = np.frombuffer(bias_bytes, np.float64 if header["bias_bytes"] == 8 * shape[1] else np.float32)
    return LinearModel(
        header["predictor_type"],
        header["loss_type"],
        np.frombuffer(weight_bytes, np.float64).reshape(shape),
        bias,
        header["threshold"],
        header["metrics_params"],
        PackedNames(names_bytes) if names_bytes else (),
        blurred=tuple(header["blurred"]),
        recipe=PackedRecipe(recipe_bytes) if recipe_bytes else None,
        label_classes=tuple(header["label_classes"]),
    )


def part_sizes(header: dict[str, Any]) -> Sequence[int]:
    """Return the bytes of weight, bias, names and recipe."""
    features, outputs = header["shape"]
    return 8 * features * outputs, header["bias_bytes"], header["names_bytes"], header["recipe_bytes"]


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


class PackedRecipe(Recipe):
    """A recipe, decoded from its bytes on first use."""

    def __init__(self, packed: memoryview) -> None:
        object.__setattr__(self, "_packed", packed)

    @cached_property
    def _recipe(self) -> Recipe:
        packed: memoryview = self.__dict__["_packed"]
        return read_recipe(json.loads(bytes(packed)), "the packed model")

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns without the target."""
        return self._recipe.columns

    @property
    def target(self) -> Target | None:
        """What is predicted."""
        return self._recipe.target
