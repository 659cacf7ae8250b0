"""What a solver computes in float32 and in blocks, by plain formulas in float64."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.objective.losses import LOSSES
from linear_learner.options.candidates import Candidate
from open_algorithms.learning.rows.csr import expand_rows
from open_algorithms.learning.rows.dense import DenseRows
from open_algorithms.learning.rows.kept import AnyRows

SMOOTH = [name for name, loss in LOSSES.items() if loss.is_smooth]
KINKED = [name for name in LOSSES if name not in SMOOTH]
PARAMETER = 0.3  # of a loss that has one
Array = NDArray[Any]


def candidates(*strengths: float, l1: float = 0.0) -> list[Candidate]:
    """Return a candidate for each strength of L2."""
    return [Candidate("lbfgs", wd=wd, l1=l1) for wd in strengths]


def design_matrix(rows: AnyRows) -> Array:
    """Return the standardised features and a column of ones, (n, d + 1)."""
    if isinstance(rows, DenseRows):
        features = rows.standardised_features.astype(np.float64)
    else:
        features = expand_rows(rows.X).astype(np.float64) - (0 if rows.shift is None else rows.shift)
    return np.column_stack([features, np.ones(len(rows))])


def margins_by_hand(rows: AnyRows, weights: Array) -> Array:
    """Return the margins (n, P, K) for weights (P, K, d + 1)."""
    return np.asarray(np.einsum("nd,pkd->npk", design_matrix(rows), weights.astype(np.float64)))


def row_values(loss: str, z: Array, y: Array) -> Array:
    """Return what training minimises of each row, (n,): the loss, or half of it where the gradient has the half."""
    return np.asarray(LOSSES[loss].gradient_factor * LOSSES[loss].value(z, y, PARAMETER))


def row_slopes(loss: str, z: Array, y: Array, step: float = 1e-5) -> Array:
    """Return the derivatives of that by the margins (n, K), by central differences."""
    ends = np.eye(z.shape[1]) * step
    return np.stack([(row_values(loss, z + e, y) - row_values(loss, z - e, y)) / (2 * step) for e in ends], axis=1)


def objective_by_hand(
    loss: str, rows: AnyRows, weights: Array, wd: float, l1: float = 0.0, counts: Sequence[float] | Array | None = None
) -> float:
    """Return the objective of one model with weights (K, d + 1), whose rows count by `counts` (n,)."""
    values = row_values(loss, margins_by_hand(rows, weights[None])[:, 0], rows.labels)
    mean = (values if counts is None else values * counts).mean()
    own = weights[:, :-1].astype(np.float64)
    return float(mean + wd / 2 * (own**2).sum() + l1 * np.abs(own).sum())
