"""The settings of the job and what else is known of a machine, as JSON, read back without trusting it."""

import json
from reprlib import repr as shortened
from typing import Any, NamedTuple

import numpy as np

from open_algorithms.factorization_machines.artifact.graph import OUTPUTS
from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.artifact.params import LARGEST
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
    linear: Float32s | None = None
    centers: Float64s | None = None
    reach: Float32s | None = None
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
    """Return what the network's files do not hold; names are left out where the file would be too long to be read.

    Of a machine with centers, bias and linear weights are there as well: the network's are those without centers.
    Raises InputError where even these numbers alone would be too long.
    """
    found: dict[str, Any] = {"predictor_type": model.predictor_type, "threshold": model.threshold}
    if model.centers is not None or float(np.float32(model.bias)) != model.bias:
        found["bias"] = model.bias
    if model.centers is not None:
        found |= {"centers": model.centers.tolist(), "linear": model.linear.tolist()}
    if model.reach is not None:
        found["reach"] = model.reach.tolist()
    if model.label_classes:
        found["classes"] = list(model.label_classes)
    if model.label_name and model.recipe is None:
        found["label_name"] = model.label_name
    text = json.dumps({**found, **write_features(model.names, model.recipe)}, ensure_ascii=False)
    most = NETWORK_FILES.limits[ADDITIONAL_FILE]
    if len(text.encode()) <= most or (model.recipe is not None and model.centers is model.reach is None):
        return text
    if model.centers is not None and (model.recipe is not None or len(json.dumps(found)) > most):
        raise InputError(
            f"The model has {model.feature_dim:,} features with centers, more than {ADDITIONAL_FILE} holds: it may "
            f"have {most:,} bytes. Give sparse rows, or set normalize_data=false."
        )
    return json.dumps(found)


def read_additions(content: bytes | bytearray, linear: Float32s, bias: np.float32) -> Additions:
    """Return what our second file says; raise InputError where it is invalid.

    Without centers, its bias must be the network's but for rounding.
    """
    found = read_json_object(content, ADDITIONAL_FILE)
    predictor = read_predictor(found.get("predictor_type"), ADDITIONAL_FILE)
    threshold = finite_float(found.get("threshold", 0.5))
    if threshold is None:
        raise InputError(f"{ADDITIONAL_FILE} says threshold {shortened(found['threshold'])}; expected a finite number.")
    names, recipe = read_features(found, len(linear))
    classes = () if recipe is not None else read_classes(found.get("classes") or [], ADDITIONAL_FILE)
    centers = read_numbers(found, "centers", len(linear))
    own_bias = read_numbers(found, "bias", 1)
    own_linear = None if centers is None else read_numbers(found, "linear", len(linear))
    if centers is None and own_bias is not None and own_bias.astype(np.float32) != bias:
        raise InputError(f"{ADDITIONAL_FILE} says another bias than the network's parameters hold.")
    if centers is not None and (own_bias is None or own_linear is None):
        raise InputError(f"{ADDITIONAL_FILE} says centers without bias and linear; expected all of them, or none.")
    reach = read_numbers(found, "reach", len(linear))
    if reach is not None and (reach < 0).any():
        raise InputError(f"{ADDITIONAL_FILE} says a reach below 0; expected how far from its center a feature counts.")
    return Additions(
        predictor,
        threshold,
        None if own_bias is None else float(own_bias[0]),
        None if own_linear is None else own_linear.astype(np.float32),
        centers,
        None if reach is None else reach.astype(np.float32),
        names,
        read_label_name(found, recipe),
        recipe,
        classes,
    )


def read_numbers(found: dict[str, Any], name: str, count: int) -> Float64s | None:
    """Return the numbers of this name, which must be so many that float32 has room for; None where there are none."""
    if found.get(name) is None:
        return None
    given = found[name] if isinstance(found[name], list) else [found[name]]
    numbers = [finite_float(value) for value in given]
    if len(given) != count or not all(number is not None and abs(number) <= LARGEST for number in numbers):
        raise InputError(
            f"{ADDITIONAL_FILE} says {name} {shortened(found[name])}; expected {count} number{'s' * (count > 1)} of "
            f"at most {LARGEST:.1e}."
        )
    return np.array(numbers, np.float64)
