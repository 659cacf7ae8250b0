"""Small jobs of every predictor type: their hyperparameters and their rows."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from open_algorithms.learning.rows.csr import Csr
from open_algorithms.learning.rows.dense import Block

Channels = Mapping[str, Iterable[Block]]
DenseBlock = tuple[NDArray[Any], NDArray[Any]]

SMALL = {"mini_batch_size": "50", "epochs": "8"}
BINARY = SMALL | {"predictor_type": "binary_classifier"}
MULTICLASS = SMALL | {"predictor_type": "multiclass_classifier", "num_classes": "3"}
REGRESSOR = SMALL | {"predictor_type": "regressor"}
HYPERPARAMETERS = {job["predictor_type"]: job for job in (BINARY, MULTICLASS, REGRESSOR)}
QUALITY = {  # of `split_example`: a metric of the test channel, and what a good model surpasses
    "binary_classifier": ("binary_classification_accuracy", 0.85),
    "multiclass_classifier": ("multiclass_accuracy", 0.8),
    "regressor": ("r2", 0.8),
}
LARGE_JOB = {"predictor_type": "binary_classifier", "mini_batch_size": "1000", "epochs": "3", "shuffle": "false"}
EXACT = {  # each epoch is one step along the gradient of all rows
    "optimizer": "sgd",
    "learning_rate": "0.2",
    "epochs": "5",
    "num_models": "1",
    "shuffle": "false",
    "init_scale": "1e-9",
    "normalize_data": "false",
    "unbias_data": "false",
    "normalize_label": "false",
    "unbias_label": "false",
    "use_lr_scheduler": "false",
    "early_stopping_patience": "9",
    "wd": "0",
    "l1": "0",
}
BY_LOSS = {"binary_classifier_model_selection_criteria": "loss_function"}


def draw_example(predictor: str, rows: int = 600, seed: int = 0) -> DenseBlock:
    """Draw a noisy linear problem of 5 features."""
    generator = np.random.default_rng(seed)
    X = (generator.normal(size=(rows, 5)) * [1, 10, 0.1, 3, 1] + [0, 5, 0, -8, 1]).astype(np.float32)
    weights = np.random.default_rng(99).normal(size=(5, 3)) / [[1], [10], [0.1], [3], [1]]
    z = (X - X.mean(axis=0)) @ weights + generator.normal(size=(rows, 3)) * 0.3
    label = {"binary_classifier": z[:, 0] > 0.5, "multiclass_classifier": z.argmax(axis=1), "regressor": 50 + z[:, 0]}
    return X, label[predictor].astype(np.float32)


def split_example(predictor: str) -> dict[str, list[DenseBlock]]:
    """Draw the example and deal it out to the channels."""
    X, y = draw_example(predictor)
    return {
        "train": [(X[:200], y[:200]), (X[200:400], y[200:400])],
        "validation": [(X[400:500], y[400:500])],
        "test": [(X[500:], y[500:])],
    }


def draw_wide_rows(rows: int) -> list[Block]:
    """Draw sparse rows of more features than are updated at every step."""
    generator = np.random.default_rng(5)
    indices = np.sort(generator.integers(0, 3000, (rows, 6)), axis=1) * 6 + np.arange(6)
    data = generator.normal(size=rows * 6).astype(np.float32)
    X = Csr(data, indices.ravel().astype(np.int32), np.arange(0, 6 * rows + 1, 6), (rows, 20_000))
    return [(X, (indices[:, 0] // 6 % 2).astype(np.float32))]
