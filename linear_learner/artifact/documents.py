"""The additional parameters: the JSON file with everything in an artifact but weight, float32 bias and graph."""

from reprlib import repr as shortened
from typing import Any, NamedTuple

import numpy as np

from linear_learner.objective.losses import LOSSES_BY_PREDICTOR
from open_algorithms.learning.artifact.archives import ADDITIONAL_FILE
from open_algorithms.learning.artifact.settings import finite_float, is_plain_value, read_json_object
from open_algorithms.learning.columns.document import read_classes, read_recipe
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.features import read_names
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.labels import read_label_name
from open_algorithms.learning.types.arrays import Float32s

DEVIATIONS = "feature_deviations"


class AdditionalParameters(NamedTuple):
    """The additional parameters: everything in an artifact but weight, float32 bias and graph."""

    predictor_type: str
    loss_type: str
    threshold: float
    metrics_params: dict[str, Any]
    names: tuple[str, ...] = ()
    label_name: str = ""
    bias: tuple[float, ...] | None = None
    blurred: tuple[int, ...] = ()
    recipe: Recipe | None = None
    classes: tuple[str | float, ...] = ()
    deviations: Float32s | None = None


def read_additional_parameters(content: bytes | bytearray) -> AdditionalParameters:
    """Parse the additional parameters; check that predictor type, loss and threshold are valid together."""
    found = read_json_object(content, ADDITIONAL_FILE)
    predictor, loss, settings = found.get("predictor_type"), found.get("loss_type"), found.get("metrics_params")
    if not isinstance(predictor, str) or predictor not in LOSSES_BY_PREDICTOR:
        raise InputError(
            f"{ADDITIONAL_FILE} says predictor_type {shortened(predictor)}; expected one of "
            f"{', '.join(LOSSES_BY_PREDICTOR)}."
        )
    if not isinstance(loss, str) or loss not in LOSSES_BY_PREDICTOR[predictor]:
        known = ", ".join(LOSSES_BY_PREDICTOR[predictor])
        raise InputError(
            f"{ADDITIONAL_FILE} says loss_type {shortened(loss)} of a {predictor}; expected one of {known}."
        )
    if (threshold := finite_float(found.get("threshold"))) is None:
        raise InputError(
            f"{ADDITIONAL_FILE} says threshold {shortened(found.get('threshold'))}; expected a finite number."
        )
    if settings is None:
        settings = {}
    if not isinstance(settings, dict) or not all(map(is_plain_value, settings.values())):
        raise InputError(
            f"{ADDITIONAL_FILE} says metrics_params {shortened(settings)}; expected names and plain values."
        )
    own = {name: value for name, value in settings.items() if name != "threshold"}
    names = read_names(found)
    label_name = read_label_name(found, None)
    facts = AdditionalParameters(
        predictor,
        loss,
        threshold,
        own,
        names,
        label_name,
        read_bias(found),
        read_blurred_columns(found),
        deviations=read_deviations(found),
    )
    if found.get("columns") is None:
        return facts._replace(classes=read_classes(found.get("classes") or [], ADDITIONAL_FILE))
    return with_recipe(facts, found["columns"])


def with_recipe(facts: AdditionalParameters, columns: Any) -> AdditionalParameters:
    """Add the recipe of a table, and the names that follow from it."""
    recipe = read_recipe(columns, ADDITIONAL_FILE)
    return facts._replace(recipe=recipe, names=recipe.feature_names, label_name=read_label_name({}, recipe))


def read_bias(found: dict[str, Any]) -> tuple[float, ...] | None:
    """Return the float64 bias (K,); None where the file has none."""
    bias = found.get("bias")
    if bias is None:
        return None
    numbers = [finite_float(value) for value in bias] if isinstance(bias, list) else [None]
    if None in numbers:
        raise InputError(f"{ADDITIONAL_FILE} says bias {shortened(bias)}; expected a list of finite numbers.")
    return tuple(number for number in numbers if number is not None)


def read_blurred_columns(found: dict[str, Any]) -> tuple[int, ...]:
    """Return the columns whose values are too large, compared with their spread, for float32."""
    blurred = found.get("blurred_features") or []
    if not isinstance(blurred, list) or not all(type(column) is int and column >= 0 for column in blurred):
        raise InputError(f"{ADDITIONAL_FILE} says blurred_features {shortened(blurred)}; expected numbers of columns.")
    return tuple(blurred)


def read_deviations(found: dict[str, Any]) -> Float32s | None:
    """Return the deviations of the features, (d,); None where the file has none."""
    given = found.get(DEVIATIONS)
    if given is None:
        return None
    numbers = [finite_float(value) for value in given] if isinstance(given, list) else [None]
    with np.errstate(over="ignore"):
        deviations = np.array([-1.0 if number is None else number for number in numbers]).astype(np.float32)
    if not (np.isfinite(deviations).all() and (deviations >= 0).all()):
        raise InputError(
            f"{ADDITIONAL_FILE} says {DEVIATIONS} {shortened(given)}; expected a list of numbers from 0 on that "
            "float32 can hold."
        )
    return deviations
