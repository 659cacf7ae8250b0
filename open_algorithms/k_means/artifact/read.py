"""Read an artifact, the original's or ours, without trusting it."""

from pathlib import Path
from reprlib import repr as shortened
from typing import Any

import numpy as np

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.learning.artifact.archives import ADDITIONAL_FILE, ARRAY_FILES, ORIGINAL_FILE, ModelFiles
from open_algorithms.learning.artifact.arrays import Floats, read_arrays, require_finite
from open_algorithms.learning.artifact.finding import find_files
from open_algorithms.learning.artifact.settings import read_json_object
from open_algorithms.learning.features import read_features
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.types.arrays import Float32s, Float64s

EXPECTED = "one array of centers, (clusters, features)"
FLOAT32 = np.finfo(np.float32)


def load_model(path: Path, memory_limit: int | None = None) -> CentroidModel:
    """Load a model from an archive, a folder, or the original's `model_algo-1` by itself.

    Raises InputError that names what was looked for or what is wrong, and MemoryError where a file takes more than
    `memory_limit` bytes once unpacked.
    """
    return read_model(*find_model_files(path, memory_limit))


def find_model_files(path: Path, memory_limit: int | None = None) -> tuple[ModelFiles, str]:
    """Read the model's files from the first place that has them; return the files and the name of that place."""
    return find_files(path, ARRAY_FILES, memory_limit)


def read_model(files: ModelFiles, where: str) -> CentroidModel:
    """Build the model from its files; `where` names their place in messages."""
    if ORIGINAL_FILE not in files:
        raise InputError(f"No whole model found: {where} lacks {ORIGINAL_FILE}.")
    centers = read_centers(files[ORIGINAL_FILE])
    if ADDITIONAL_FILE not in files:
        return CentroidModel(centers)
    found = read_json_object(files[ADDITIONAL_FILE], ADDITIONAL_FILE)
    names, recipe = read_features(found, centers.shape[1])
    exact = read_numbers(found, "centers", centers.shape)
    if exact is not None and not np.array_equal(narrow(exact), centers):
        raise InputError(f"{ADDITIONAL_FILE} says other centers than {ORIGINAL_FILE} holds.")
    deviations = read_numbers(found, "deviations", centers.shape[1:])
    if deviations is not None and ((deviations < FLOAT32.tiny) | (deviations > FLOAT32.max)).any():
        raise InputError(f"{ADDITIONAL_FILE} says deviations that are not above 0, or that float32 does not hold.")
    facts = found.get("facts") or {}
    if not isinstance(facts, dict):
        raise InputError(f"{ADDITIONAL_FILE} says facts {shortened(facts)}; expected an object.")
    return CentroidModel(
        centers if exact is None else exact,
        None if deviations is None else deviations.astype(np.float32),
        facts,
        names,
        recipe,
    )


def narrow(numbers: Float64s) -> Float32s:
    """Return numbers in float32, infinite where it does not hold them."""
    with np.errstate(over="ignore"):
        return np.asarray(numbers, np.float32)


def read_centers(content: bytes | bytearray) -> Floats:
    """Return the centers (k, d); raise InputError for a file of something else."""
    if content[:2] == b"PK":
        raise InputError(f"{ORIGINAL_FILE} is a zip, as other algorithms write it; expected {EXPECTED}.")
    names, arrays = read_arrays(content, ORIGINAL_FILE, range(1, 17), EXPECTED)
    if len(arrays) != 1 or arrays[0].ndim != 2:
        found = ", ".join(names) or f"{len(arrays)} arrays, the first of shape {arrays[0].shape}"
        raise InputError(f"{ORIGINAL_FILE} holds {found}; expected {EXPECTED}.")
    require_finite(ORIGINAL_FILE, arrays[0])
    return arrays[0]


def read_numbers(found: dict[str, Any], name: str, shape: tuple[int, ...]) -> Float64s | None:
    """Return the numbers of this name, float64 of a shape; None where the file has none."""
    if found.get(name) is None:
        return None
    try:
        numbers = np.array(found[name], np.float64)
    except (ValueError, TypeError, OverflowError):
        numbers = np.array(np.nan)
    if numbers.shape != shape or not np.isfinite(numbers).all():
        raise InputError(f"{ADDITIONAL_FILE} says {name} {shortened(found[name])}; expected finite numbers, {shape}.")
    return numbers
