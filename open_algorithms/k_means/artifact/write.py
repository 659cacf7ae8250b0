"""Write the artifact: the original's file of centers, and what else we know in a second file beside it.

Tests: tests/k_means/artifact/test_read.py.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.learning.artifact.archives import ADDITIONAL_FILE, ARRAY_FILES, ORIGINAL_FILE
from open_algorithms.learning.artifact.arrays import format_arrays
from open_algorithms.learning.features import write_features


def write_artifact(model: CentroidModel, folder: Path) -> None:
    """Write the model's files into `folder`, which exists and is empty.

    `model_algo-1` is a list of one float32 array (k, d), as the original writes and serves it.
    """
    (folder / ORIGINAL_FILE).write_bytes(format_arrays([model.centers.astype(np.float32)]))
    (folder / ADDITIONAL_FILE).write_text(write_additional(model), encoding="utf-8")


def write_additional(model: CentroidModel) -> str:
    """Return all but the float32 centers as JSON; names are left out where the file would be too long to be read."""
    found: dict[str, Any] = {"facts": dict(model.facts)}
    if model.deviations is not None:
        found["deviations"] = [float(value) for value in model.deviations]
    if model.exact:
        found["centers"] = model.centers.tolist()
    text = json.dumps({**found, **write_features(model.names, model.recipe)}, ensure_ascii=False)
    if len(text.encode()) <= ARRAY_FILES.limits[ADDITIONAL_FILE] or model.recipe is not None:
        return text
    return json.dumps(found)
