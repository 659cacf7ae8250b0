"""Data that the tests of estimators share, and quick ways to learn from it."""

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_diabetes

from linear_learner import LinearLearnerClassifier, LinearLearnerRegressor
from tests.waiting import HANG_SECONDS

TOP = Path(__file__).parents[2]
QUICK: dict[str, Any] = {"epochs": 2, "num_models": 2, "mini_batch_size": 50}
X, NUMBERS = load_breast_cancer(return_X_y=True)
NAMES = np.array(["malignant", "benign"])[NUMBERS]
AMOUNTS_X, AMOUNTS = load_diabetes(return_X_y=True)


def fit_quickly(X: Any = X, y: Any = NUMBERS, **others: Any) -> LinearLearnerClassifier:
    """Fit a classifier for two epochs; `sample_weight` and `validation` go to fit, others are parameters."""
    asked = {name: others.pop(name) for name in ("sample_weight", "validation") if name in others}
    return LinearLearnerClassifier(**{**QUICK, **others}).fit(X, y, **asked)


def fit_amounts(**others: Any) -> LinearLearnerRegressor:
    """Fit a regressor for two epochs."""
    return LinearLearnerRegressor(**{**QUICK, **others}).fit(AMOUNTS_X, AMOUNTS)


def weight_bits(estimator: Any) -> bytes:
    """Return weights and biases of a fitted estimator as bytes."""
    found: NDArray[Any] = np.append(estimator.model_.weight, estimator.model_.bias)
    return found.tobytes()


def run_command(*words: object, algorithm: str = "linear_learner") -> str:
    """Run the command line of an algorithm in a process of its own, and return what it prints."""
    command = [sys.executable, "-m", "open_algorithms.commands", *map(str, words)]
    environ = {**os.environ, "ALGORITHM": algorithm}
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_SECONDS, cwd=TOP, env=environ)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def name_features(X: NDArray[Any]) -> Any:
    """Return a matrix as an arrow table with the names that `train_on_file` gives."""
    return pyarrow.table({f"f{i}": X[:, i] for i in range(X.shape[1])})


def train_on_file(folder: Path, X: Any, y: Any, algorithm: str = "linear_learner", **hyperparameters: Any) -> Path:
    """Train on a file by the command line, and return the folder of the model."""
    file = folder / "train.csv"
    rows = np.column_stack([np.asarray(y, object), np.asarray(X, object)])
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows([["y", *(f"f{i}" for i in range(rows.shape[1] - 1))], *rows.tolist()])
    settings = [word for name, value in hyperparameters.items() for word in ("--set", f"{name}={value}")]
    run_command("train", file, "--target", "y", "--out", folder / "model", *settings, algorithm=algorithm)
    return folder / "model"
