"""Random machines of both predictor types, and rows for them."""

from dataclasses import replace

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.learning.types.arrays import Float32s, Float64s, Floats

KINDS = ("binary_classifier", "regressor")


def draw_model(kind: str = "regressor", features: int = 7, factors: int = 3, seed: int = 0) -> FactorModel:
    """Return a machine with the settings of a job."""
    generator = np.random.default_rng(seed)
    numbers = generator.normal(size=(features, factors + 1)).astype(np.float32)
    settings = {"predictor_type": kind, "feature_dim": str(features), "num_factors": str(factors), "epochs": "3"}
    threshold = 0.4 if kind == "binary_classifier" else 0.5
    bias = float(np.float32(generator.normal()))
    return FactorModel(kind, bias, numbers[:, 0].copy(), numbers[:, 1:].copy(), threshold, settings)


def move_centers(model: FactorModel, size: float = 3.0, seed: int = 2) -> FactorModel:
    """Return the machine with centers of this size, that float32 does not hold; the first is 0."""
    centers = size * np.random.default_rng(seed).normal(size=model.feature_dim)
    centers[0] = 0
    return replace(model, centers=centers)


def draw_rows(rows: int = 9, features: int = 7, seed: int = 1) -> Float32s:
    """Return rows of which half of the numbers are 0, and the first row has no others."""
    generator = np.random.default_rng(seed)
    X = np.where(generator.random((rows, features)) < 0.5, generator.normal(size=(rows, features)), 0)
    X[0] = 0
    return X.astype(np.float32)


def sum_over_pairs(model: FactorModel, X: Floats) -> Float64s:
    """Return the scores before any link by the definition: each pair of different features by itself, (n,)."""
    wide, factors = (
        X.astype(np.float64) - (0 if model.centers is None else model.centers),
        model.factors.astype(np.float64),
    )
    scores = model.bias + wide @ model.linear.astype(np.float64)
    for i in range(model.feature_dim):
        for j in range(i):
            scores += factors[i] @ factors[j] * wide[:, i] * wide[:, j]
    return np.asarray(scores)
