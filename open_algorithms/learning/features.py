"""What a model knows of its features: their names, and how the columns of a table become them."""

import json
from collections.abc import Sequence
from functools import cached_property
from reprlib import repr as shortened
from typing import Any, overload

import numpy as np

from open_algorithms.learning.artifact.archives import ADDITIONAL_FILE
from open_algorithms.learning.columns.document import read_recipe, write_recipe
from open_algorithms.learning.columns.recipe import Column, Recipe, Target
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.types.arrays import Int64s


def number_columns(recipe: Recipe | None, feature_dim: int) -> Int64s:
    """Return for each feature (d,) the number of the column that it is of: its own where there is no table."""
    numbers = np.arange(feature_dim)
    for number, (_, first, last) in enumerate(() if recipe is None else recipe.encoded_columns):
        numbers[first:last] = number
    return numbers


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


def pack_features(names: Sequence[str], recipe: Recipe | None) -> tuple[memoryview, memoryview]:
    """Return names and recipe as bytes, empty where there are none."""
    packed_names = json.dumps(list(names)).encode() if names else b""
    packed_recipe = b"" if recipe is None else json.dumps(write_recipe(recipe)).encode()
    return memoryview(packed_names), memoryview(packed_recipe)


def unpack_features(names: memoryview, recipe: memoryview) -> tuple[Sequence[str], Recipe | None]:
    """Return what `pack_features` packed, decoded when it is used."""
    return PackedNames(names) if names else (), PackedRecipe(recipe) if recipe else None


def write_features(names: Sequence[str], recipe: Recipe | None) -> dict[str, Any]:
    """Return the entries of additional-params.json that tell of the features of a model without labels."""
    if recipe is not None:
        return {"columns": write_recipe(recipe)}
    return {"feature_names": list(names)} if names else {}


def read_features(found: dict[str, Any], feature_dim: int) -> tuple[tuple[str, ...], Recipe | None]:
    """Return names and recipe from such entries; raise InputError where they do not fit so many features."""
    recipe = None if found.get("columns") is None else read_recipe(found["columns"], ADDITIONAL_FILE)
    names = read_names(found) if recipe is None else recipe.feature_names
    if names and len(names) != feature_dim:
        what = "feature_names" if recipe is None else "features of columns"
        raise InputError(f"{ADDITIONAL_FILE} says {len(names)} {what}, but the model has {feature_dim} features.")
    return names, recipe


def read_names(found: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of features, none where the file has none; raise InputError where they are no texts."""
    names = found.get("feature_names")
    names = [] if names is None else names
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{ADDITIONAL_FILE} says feature_names {shortened(names)}; expected a list of texts.")
    return tuple(names)
