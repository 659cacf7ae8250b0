"""Jobs that candidates leave."""

from pathlib import Path

import numpy as np

from open_algorithms.learning.rows.csr import compress_matrix
from tests.linear_learner.training.examples import BY_LOSS, Channels, draw_example

CANCER = Path(__file__).parents[3] / "examples/breast-cancer"


def read_cancer() -> Channels:
    """Read the bundled data."""
    tables = {name: np.loadtxt(CANCER / f"{name}.csv", np.float32, delimiter=",") for name in ("train", "validation")}
    return {name: [(table[:, 1:], table[:, 0])] for name, table in tables.items()}


def draw_classes(*, sparse: bool = False) -> Channels:
    """Draw more of the example of several classes."""
    X, y = draw_example("multiclass_classifier", 1000)
    parts = {"train": (X[:700], y[:700]), "validation": (X[700:], y[700:])}
    return {name: [(compress_matrix(X) if sparse else X, y)] for name, (X, y) in parts.items()}


TWO_CLASSES = BY_LOSS | {"predictor_type": "binary_classifier", "mini_batch_size": "20", "epochs": "15"}
THREE_CLASSES = {
    "predictor_type": "multiclass_classifier", "num_classes": "3", "mini_batch_size": "50", "epochs": "15",
}  # fmt: skip
JOBS: dict[str, tuple[dict[str, str], Channels]] = {
    "breast cancer": (TWO_CLASSES | {"early_stopping_patience": "20"}, read_cancer()),
    "classes": (THREE_CLASSES, draw_classes()),
    "sparse classes": (THREE_CLASSES, draw_classes(sparse=True)),
    "slices": (THREE_CLASSES | {"mini_batch_size": "400", "early_stopping_patience": "20"}, draw_classes()),
}
