"""The objective of a bank, as the native library takes it.

Tests: tests/linear_learner/bank/native/test_dense.py.
"""

import ctypes

import numpy as np

from linear_learner.bank.native.columns import Columns
from linear_learner.objective.objective import Objective
from open_algorithms.learning.types.arrays import Float32s

# In the order of the library's own list.
LOSSES = (
    "signed logistic",
    "logistic",
    "hinge_loss",
    "softmax_loss",
    "squared_loss",
    "absolute_loss",
    "quantile_loss",
    "huber_loss",
    "eps_insensitive_squared_loss",
    "eps_insensitive_absolute_loss",
)


class NativeObjective(ctypes.Structure):
    """The C structure `objective`."""

    _fields_ = (
        *((name, ctypes.c_int32) for name in ("loss", "models", "outputs")),
        ("parameter", ctypes.c_float),
        ("shares", ctypes.c_void_p),
        *((name, ctypes.c_int32) for name in ("reports_shares", "weighs_slopes")),
    )


def class_shares(objective: Objective, columns: Columns) -> Float32s | None:
    """Return what the class of a row multiplies its slopes by, (C, columns); None where all are 1."""
    weights = objective.class_weights
    return None if weights is None else columns.spread(np.ascontiguousarray(weights.T))


def native_objective(
    objective: Objective, columns: Columns, shares: Float32s | None, *, is_signed: bool
) -> NativeObjective:
    """Return the structure, which holds the address of `shares`; `is_signed` where rows of label 1 are negated."""
    return NativeObjective(
        loss=LOSSES.index("signed logistic" if is_signed else objective.loss.name),
        models=columns.models,
        outputs=columns.outputs,
        parameter=objective.parameter,
        shares=None if shares is None else shares.ctypes.data,
        reports_shares=objective.reported_weights is not None,
        weighs_slopes=objective.has_row_weights,
    )
