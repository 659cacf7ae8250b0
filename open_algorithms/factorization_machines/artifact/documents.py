"""The settings of the job and what else is known of a machine, as JSON, read back without trusting it."""

import json
from reprlib import repr as shortened
from typing import Any, NamedTuple

import numpy as np

from open_algorithms.factorization_machines.artifact.graph import OUTPUTS
from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.learning.artifact.archives import ADDITIONAL_FILE, NETWORK_FILES, NETWORK_SETTINGS
from open_algorithms.learning.artifact.settings import finite_float, read_json_object
from open_algorithms.learning.columns.document import read_classes
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.features import read_features, write_features
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.labels import read_label_name
from open_algorithms.learning.types.arrays import Float32s, Float64s

SETTINGS = "training_parameters"


class Additions(NamedTuple):
    """What our second file says: the fields of a machine, None or empty where it does not."""

    predictor_type: str | None = None
    threshold: float = 0.5
    bias: float | None = None
    linear: Float64s | None = None
    names: tuple[str, ...] = ()
    label_name: str = ""
    recipe: Recipe | None = None
    label_classes: tuple[str | float, ...] = ()


def write_settings(model: FactorModel) -> str:
    """Return the settings of the job, as the original writes them."""
    own = {
        "predictor_type": model.predictor_type,
        "feature_dim": str(model.feature_dim),
        "num_factors": str(model.num_factors),
    }
    return json.dumps({SETTINGS: {**model.settings, **own}, "version": 1, "epoch_number": 1})


def read_settings(content: bytes | bytearray) -> dict[str, str]:
    """Return the settings of the job, as texts."""
    settings = read_json_object(content, NETWORK_SETTINGS).get(SETTINGS)
    if not isinstance(settings, dict):
        raise InputError(f"{NETWORK_SETTINGS} says {SETTINGS} {shortened(settings)}; expected an object of texts.")
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in settings.items()}


def read_predictor(found: Any, file: str) -> str | None:
    """Return the predictor type that a file says; None where it says none."""
    if found is not None and (not isinstance(found, str) or found not in OUTPUTS):
        raise InputError(f"{file} says predictor_type {shortened(found)}; expected one of {', '.join(OUTPUTS)}.")
    return found


def write_additions(model: FactorModel) -> str:
    """Return what the network's files do not hold; names are left out where the file would be too long to be read."""
    found: dict[str, Any] = {"predictor_type": model.predictor_type, "threshold": model.threshold}
    if float(np.float32(model.bias)) != model.bias:
        found["bias"] = model.bias
    if model.exact:
        found["linear"] = model.linear.tolist()
    if model.label_classes:
        found["classes"] = list(model.label_classes)
    if model.label_name and model.recipe is None:
        found["label_name"] = model.label_name
    text = json.dumps({**found, **write_features(model.names, model.recipe)}, ensure_ascii=False)
    if len(text.encode()) <= NETWORK_FILES.limits[ADDITIONAL_FILE] or model.recipe is not None:
        return text
    return json.dumps(found)


def read_additions(content: bytes | bytearray, linear: Float32s, bias: np.float32) -> Additions:
    """Return what our second file says; raise InputError where it is invalid, or contradicts the float32 numbers."""
    found = read_json_object(content, ADDITIONAL_FILE)
    predictor = read_predictor(found.get("predictor_type"), ADDITIONAL_FILE)
    threshold = finite_float(found.get("threshold", 0.5))
    if threshold is None:
        raise InputError(f"{ADDITIONAL_FILE} says threshold {shortened(found['threshold'])}; expected a finite number.")
    names, recipe = read_features(found, len(linear))
    classes = () if recipe is not None else read_classes(found.get("classes") or [], ADDITIONAL_FILE)
    exact_bias = read_exact(found, "bias", np.array([bias]))
    return Additions(
        predictor,
        threshold,
        None if exact_bias is None else float(exact_bias[0]),
        read_exact(found, "linear", linear),
        names,
        read_label_name(found, recipe),
        recipe,
        classes,
    )


def read_exact(found: dict[str, Any], name: str, rounded: Float32s) -> Float64s | None:
    """Return the float64 numbers of this name, which round to those given (n,); None where the file has none."""
    if found.get(name) is None:
        return None
    given = found[name] if isinstance(found[name], list) else [found[name]]
    if len(given) != len(rounded) or None in map(finite_float, given):
        raise InputError(
            f"{ADDITIONAL_FILE} says {name} {shortened(found[name])}; expected {len(rounded)} finite "
            f"number{'s' * (len(rounded) > 1)}."
        )
    numbers = np.array(given, np.float64)
    with np.errstate(over="ignore"):
        if (numbers.astype(np.float32) != rounded).any():
            raise InputError(f"{ADDITIONAL_FILE} says another {name} than the network's parameters hold.")
    return numbers
