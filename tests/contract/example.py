"""The bundled data."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.needs import TOP

DATA = TOP / "examples" / "breast-cancer"


def read_example(split: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return features and labels of a part of the bundled data."""
    rows = np.loadtxt(DATA / f"{split}.csv", delimiter=",", dtype=np.float32)
    return np.ascontiguousarray(rows[:, 1:]), np.ascontiguousarray(rows[:, 0])
