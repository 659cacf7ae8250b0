"""The census of American counties as course notebooks prepare it for the original's PCA and K-Means."""

import csv

import numpy as np

from benchmarks.data import FOLDER
from open_algorithms.learning.types.arrays import Float64s

WORDS = 3  # columns at the front that are no numbers


def read_scaled() -> Float64s:
    """Return the counties without a blank, each column scaled to [0, 1], (3218, 34)."""
    with (FOLDER / "data" / "census.csv").open(newline="") as file:
        _, *rows = csv.reader(file)
    X = np.array([[float(text) for text in row[WORDS:]] for row in rows if all(row)])
    return np.asarray((X - X.min(axis=0)) / (X.max(axis=0) - X.min(axis=0)))


def read_components(count: int) -> Float64s:
    """Return them on their first components, the largest in front, (3218, count)."""
    X = read_scaled()
    X -= X.mean(axis=0)
    _, _, directions = np.linalg.svd(X, full_matrices=False)
    return np.asarray(X @ directions[:count].T)
