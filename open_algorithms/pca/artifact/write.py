"""Write the artifact: the original's file of components, and what else we know in a second file beside it.

Tests: tests/pca/artifact/test_read.py.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from open_algorithms.learning.artifact.archives import ADDITIONAL_FILE, ARRAY_FILES, ORIGINAL_FILE
from open_algorithms.learning.artifact.arrays import format_arrays
from open_algorithms.learning.features import write_features
from open_algorithms.pca.artifact.model import ComponentModel


def write_artifact(model: ComponentModel, folder: Path) -> None:
    """Write the model's files into `folder`, which exists and is empty.

    `model_algo-1` holds float32 arrays s (k,), v (d, k) and mean (1, d), as the original writes and serves them.
    """
    arrays = {"s": model.singular_values, "v": model.loadings, "mean": model.mean.astype(np.float32)[None]}
    (folder / ORIGINAL_FILE).write_bytes(format_arrays(arrays))
    (folder / ADDITIONAL_FILE).write_text(write_additional(model), encoding="utf-8")


def write_additional(model: ComponentModel) -> str:
    """Return all but the float32 arrays as JSON; names are left out where the file would be too long to be read."""
    found: dict[str, Any] = {"facts": dict(model.facts)}
    if model.scales is not None:
        found["scales"] = model.scales.tolist()
    if model.exact:
        found["mean"] = model.mean.tolist()
    text = json.dumps({**found, **write_features(model.names, model.recipe)}, ensure_ascii=False)
    if len(text.encode()) <= ARRAY_FILES.limits[ADDITIONAL_FILE] or model.recipe is not None:
        return text
    return json.dumps(found)
