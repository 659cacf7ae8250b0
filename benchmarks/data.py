"""The data sets that lie outside the project; nothing that a newcomer runs needs them."""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Split = tuple[NDArray[Any], NDArray[Any]]

FOLDER = Path(os.environ.get("LINEAR_LEARNER_SHARED", "../shared"))
SPLITS = ("train", "validation", "test")


def open_archive(name: str) -> Any:
    """Open a NumPy archive, or end with the reason why it cannot be measured."""
    path = FOLDER / "data" / f"{name}.npz"
    if not path.exists():
        print(f"skipped: {path} is absent; LINEAR_LEARNER_SHARED names the folder of the data")
        sys.exit(0)
    return np.load(path)


def load_mnist() -> dict[str, Split]:
    """Return the digits as floats from 0 to 1, (n, 784), and which digit each is."""
    arrays = open_archive("mnist")
    return {
        split: (
            arrays[f"x_{split}"].reshape(-1, 784).astype(np.float32) / 256,
            arrays[f"y_{split}"].astype(np.float32),
        )
        for split in SPLITS
    }


def load_is_zero() -> dict[str, Split]:
    """Return the digits with label 1 for a zero."""
    return {split: (X, (y == 0).astype(np.float32)) for split, (X, y) in load_mnist().items()}


def load_a9a() -> dict[str, Split]:
    """Return the census incomes, 123 binary features, dense."""
    arrays = open_archive("a9a")
    result = {}
    for split in SPLITS:
        X = np.zeros(arrays[f"{split}_shape"], np.float32)
        rows = np.repeat(np.arange(len(X)), np.diff(arrays[f"{split}_indptr"]))
        X[rows, arrays[f"{split}_indices"]] = arrays[f"{split}_data"]
        result[split] = (X, arrays[f"y_{split}"].astype(np.float32))
    return result


def load_california() -> dict[str, Split]:
    """Return the house values, 13 features."""
    arrays = open_archive("california_housing")
    return {
        split: (arrays[f"x_{split}"].astype(np.float32), arrays[f"y_{split}"].astype(np.float32)) for split in SPLITS
    }
