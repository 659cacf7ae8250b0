"""The numbers of an artifact: those of the sparse network, as we write them, and those of the dense one, too."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from open_algorithms.factorization_machines.artifact.graph import Shape
from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.learning.artifact.archives import (
    ADDITIONAL_FILE,
    NETWORK_PARAMETERS,
    NETWORK_SETTINGS,
    NETWORK_SYMBOL,
)
from open_algorithms.learning.artifact.arrays import read_arrays, require_finite
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.types.arrays import Float32s

PREFIX = "arg:"  # of a name, as MXNet's modules write it
SPARSE_NAMES = ("v", "w1_weight", "w0_weight")
DENSE_NAMES = ("v", "Linear_Plus_Bias_weight", "Linear_Plus_Bias_bias")
EXPECTED = (
    f"{', '.join(PREFIX + name for name in SPARSE_NAMES)} of a factorization machine, or "
    f"{', '.join(PREFIX + name for name in DENSE_NAMES)}"
)
LARGEST = float(np.finfo(np.float32).max)
ROUNDING32, ROUNDING64 = 1e-6, 1e-12  # generous bounds of how far numbers of each type are off, relative to their terms
MOST_ARRAYS = 64  # of any network whose names are told in a message


class Parameters(NamedTuple):
    """The numbers of a machine, float32: the bias, linear weights (d,) and factors (d, k)."""

    bias: np.float32
    linear: Float32s
    factors: Float32s


def list_arrays(model: FactorModel) -> dict[str, Float32s]:
    """Return the arrays of the sparse network, without centers; v is one column of zeros if there are no factors."""
    factors = model.factors if model.num_factors else np.zeros((model.feature_dim, 1), np.float32)
    bias, linear = fold_parameters(model)
    arrays = (factors, linear[:, None], np.array([bias]))
    return {PREFIX + name: array for name, array in zip(SPARSE_NAMES, arrays, strict=True)}


def fold_parameters(model: FactorModel) -> tuple[np.float32, Float32s]:
    """Return bias and linear weights (d,) of the machine without centers, those beyond float32 its largest numbers."""
    bias, linear = (np.clip(numbers, -LARGEST, LARGEST) for numbers in model.fold_centers())
    return np.float32(bias), np.asarray(linear, np.float32)


def check_folded(model: FactorModel, found: Parameters) -> None:
    """Raise InputError where the network's numbers are not those of the machine: not to rounding, without centers."""
    if model.centers is None:
        return
    linear, sizes = np.abs(model.linear), np.abs(model.factors.astype(np.float64))
    centers = np.abs(model.centers)
    sums, own = centers @ sizes, np.einsum("dk,dk->d", sizes, sizes) * centers
    bias_terms = abs(model.bias) + linear @ centers + (sums @ sums + own @ centers) / 2
    terms = np.append(bias_terms, linear + sizes @ sums + own)
    mine, theirs = np.append(*fold_parameters(model)).astype(np.float64), np.append(found.bias, found.linear)
    if (np.abs(mine - theirs) > ROUNDING32 * np.abs(theirs) + ROUNDING64 * terms).any():
        raise InputError(
            f"{ADDITIONAL_FILE} says other centers, bias or linear weights than {NETWORK_PARAMETERS} was made of."
        )


def read_parameters(content: bytes | bytearray, settings: Mapping[str, str], shapes: Mapping[str, Shape]) -> Parameters:
    """Return the numbers; raise InputError where they are of something else.

    They must not contradict the settings of the job, nor the shapes that the network declares.
    """
    names, arrays = read_arrays(content, NETWORK_PARAMETERS, range(1, MOST_ARRAYS + 1), EXPECTED)
    found = dict(zip(names, arrays, strict=False))
    if len(found) != len(arrays) or {*found} not in ({*map(add_prefix, SPARSE_NAMES)}, {*map(add_prefix, DENSE_NAMES)}):
        raise InputError(
            f"{NETWORK_PARAMETERS} holds {', '.join(names[:10]) or 'arrays without names'}; expected {EXPECTED}."
        )
    is_sparse = add_prefix(SPARSE_NAMES[-1]) in found
    v, linear, bias = (found[add_prefix(name)] for name in (SPARSE_NAMES if is_sparse else DENSE_NAMES))
    features = v.shape[0 if is_sparse else -1]
    line = (features, 1) if is_sparse else (1, features)
    if v.ndim != 2 or linear.shape not in (line, (features,)) or bias.size != 1:
        raise InputError(
            f"The model's shapes disagree: {describe_shapes(found)}; expected v "
            f"{'(features, factors)' if is_sparse else '(factors, features)'}, a linear weight a feature, and one bias."
        )
    for name, array in found.items():
        check_shape(name, array, shapes.get(name.removeprefix(PREFIX)))
        require_finite(name, array)
    factors = np.ascontiguousarray(v if is_sparse else v.T)
    check_settings(factors, settings)
    if settings.get("num_factors", "").strip() == "0":
        factors = factors[:, :0]
    return Parameters(bias.reshape(-1)[0], linear.reshape(-1), factors)


def add_prefix(name: str) -> str:
    """Return the name of an array as MXNet's modules write it."""
    return PREFIX + name


def describe_shapes(arrays: Mapping[str, Float32s]) -> str:
    """Tell the shape of each array."""
    return ", ".join(f"{name} {array.shape}" for name, array in arrays.items())


def check_shape(name: str, array: Float32s, declared: Shape | None) -> None:
    """Raise InputError where the network declares another shape of an array; a length of 0 is any."""
    if declared is None:
        return
    if len(declared) != array.ndim or any(
        length not in (0, own) for length, own in zip(declared, array.shape, strict=True)
    ):
        raise InputError(
            f"{NETWORK_SYMBOL} says {name.removeprefix(PREFIX)} has the shape {declared}, but {NETWORK_PARAMETERS} "
            f"holds {name} {array.shape}."
        )


def check_settings(factors: Float32s, settings: Mapping[str, str]) -> None:
    """Raise InputError where a job's settings say other sizes than those of the factors (d, k).

    A machine without factors has one column of zeros.
    """
    allowed: dict[str, Sequence[str]] = {"feature_dim": [str(factors.shape[0])], "num_factors": [str(factors.shape[1])]}
    if factors.shape[1] == 1 and not factors.any():
        allowed["num_factors"] = ["1", "0"]
    for name, texts in allowed.items():
        if name in settings and settings[name].strip() not in texts:
            raise InputError(
                f"{NETWORK_SETTINGS} says {name} {settings[name]!r}, but {NETWORK_PARAMETERS} holds v with {texts[0]}."
            )
