"""Read an artifact, the original's or ours, without trusting it."""

from pathlib import Path
from reprlib import repr as shortened
from typing import Any

import numpy as np

from open_algorithms.learning.artifact.archives import ADDITIONAL_FILE, ARRAY_FILES, ORIGINAL_FILE, ModelFiles
from open_algorithms.learning.artifact.arrays import Floats, read_arrays, require_finite
from open_algorithms.learning.artifact.finding import find_files
from open_algorithms.learning.artifact.settings import finite_float, read_json_object
from open_algorithms.learning.features import read_features
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.pca.artifact.model import ComponentModel

EXPECTED = "arrays s (components,), v (features, components) and mean (1, features)"
FLOAT32 = np.finfo(np.float32)
NUMBERS, LISTS = ("rows", "total_variance"), ("singular_values", "explained_variance_ratios")


def load_model(path: Path, memory_limit: int | None = None) -> ComponentModel:
    """Load a model from an archive, a folder, or the original's `model_algo-1` by itself.

    Raises InputError that names what was looked for or what is wrong, and MemoryError where a file takes more than
    `memory_limit` bytes once unpacked.
    """
    return read_model(*find_model_files(path, memory_limit))


def find_model_files(path: Path, memory_limit: int | None = None) -> tuple[ModelFiles, str]:
    """Read the model's files from the first place that has them; return the files and the name of that place."""
    return find_files(path, ARRAY_FILES, memory_limit)


def read_model(files: ModelFiles, where: str) -> ComponentModel:
    """Build the model from its files; `where` names their place in messages."""
    if ORIGINAL_FILE not in files:
        raise InputError(f"No whole model found: {where} lacks {ORIGINAL_FILE}.")
    singular_values, loadings, mean = read_components(files[ORIGINAL_FILE])
    if ADDITIONAL_FILE not in files:
        return ComponentModel(loadings, mean, singular_values)
    found = read_json_object(files[ADDITIONAL_FILE], ADDITIONAL_FILE)
    names, recipe = read_features(found, len(loadings))
    exact = read_numbers(found, "mean", len(mean))
    with np.errstate(over="ignore"):
        if exact is not None and (exact.astype(np.float32) != mean).any():
            raise InputError(f"{ADDITIONAL_FILE} says another mean than {ORIGINAL_FILE} holds.")
    scales = read_numbers(found, "scales", len(mean))
    if scales is not None and ((scales < FLOAT32.tiny) | (scales > FLOAT32.max)).any():
        raise InputError(f"{ADDITIONAL_FILE} says scales that are not above 0, or that float32 does not hold.")
    facts = read_facts(found, len(singular_values))
    return ComponentModel(loadings, mean if exact is None else exact, singular_values, scales, facts, names, recipe)


def read_components(content: bytes | bytearray) -> tuple[Floats, Floats, Floats]:
    """Return singular values (k,), loadings (d, k) and mean (d,), zeros where there is none.

    Raises InputError for a file of something else. Singular values that are not numbers are let pass: the original
    writes them where components have next to no variance, and its projections are right.
    """
    if content[:2] == b"PK":
        raise InputError(f"{ORIGINAL_FILE} is a zip, as other algorithms write it; expected {EXPECTED}.")
    names, arrays = read_arrays(content, ORIGINAL_FILE, range(1, 17), EXPECTED)
    named = dict(zip(names, arrays, strict=False))
    if len(named) != len(arrays) or {*named} - {"mean"} != {"s", "v"}:
        raise InputError(f"{ORIGINAL_FILE} holds {', '.join(names) or 'arrays without names'}; expected {EXPECTED}.")
    s, v = named["s"], named["v"]
    mean = named.get("mean", np.zeros(v.shape[:1], np.float32))
    if v.ndim != 2 or s.size != v.shape[1] or mean.size != v.shape[0]:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in named.items())
        raise InputError(f"{ORIGINAL_FILE} holds {shapes}; expected {EXPECTED}.")
    require_finite("v", v)
    require_finite("mean", mean)
    return s.reshape(-1), v, mean.reshape(-1)


def read_numbers(found: dict[str, Any], name: str, count: int) -> Float64s | None:
    """Return the numbers of this name, (count,); None where the file has none."""
    if found.get(name) is None:
        return None
    numbers = found[name]
    if not isinstance(numbers, list) or len(numbers) != count or None in map(finite_float, numbers):
        raise InputError(f"{ADDITIONAL_FILE} says {name} {shortened(numbers)}; expected {count} finite numbers.")
    return np.array(numbers, np.float64)


def read_facts(found: dict[str, Any], count: int) -> dict[str, Any]:
    """Return what training found of the data and of at least `count` components, if the file tells it."""
    facts = found.get("facts") or {}
    if not isinstance(facts, dict):
        raise InputError(f"{ADDITIONAL_FILE} says facts {shortened(facts)}; expected an object.")
    for name in NUMBERS:
        if name in facts and finite_float(facts[name]) is None:
            raise InputError(f"{ADDITIONAL_FILE} says {name} {shortened(facts[name])}; expected a finite number.")
    for name in LISTS:
        numbers = facts.get(name, [0.0] * count)
        if not isinstance(numbers, list) or len(numbers) < count or None in map(finite_float, numbers):
            raise InputError(
                f"{ADDITIONAL_FILE} says {name} {shortened(numbers)}; expected {count} finite numbers or more."
            )
    return facts
