"""The convex problems that are solved side by side: a loss over rows, and a penalty of the weights.

Tests: tests/linear_learner/solving/test_solver.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import Candidate
from open_algorithms.learning.types.arrays import Bools, Float32s, Float64s, Floats, Int64s


@dataclass(frozen=True)
class Problems:
    """P problems: minimise the mean loss of the rows, plus wd / 2 |w|^2 and l1 |w|, (P,) each.

    The strengths for the bias are `bias_wd`, (P,), and no L1. Problem p counts a row of group g `shares[g, p]` times;
    `shares` is None where all rows count alike. A row of class c in fold f is of group f C + c, where there are C
    classes. `objective` has the loss and the class weights of each problem.
    """

    objective: Objective
    wd: Float64s
    bias_wd: Float64s
    l1: Float64s
    shares: Float32s | None = None
    classes: int = 1

    def __len__(self) -> int:
        return len(self.wd)

    def select(self, chosen: Int64s | Bools) -> "Problems":
        """Return the chosen problems."""
        return replace(
            self,
            wd=self.wd[chosen],
            bias_wd=self.bias_wd[chosen],
            l1=self.l1[chosen],
            shares=None if self.shares is None else np.ascontiguousarray(self.shares[:, chosen]),
        )

    def penalise(self, weights: Float64s) -> tuple[Float64s, Float64s]:
        """Return the smooth part of the penalty of weights (P, K, d + 1), (P,), and its gradient."""
        strengths = np.broadcast_to(self.wd[:, None, None], weights.shape).copy()
        strengths[..., -1] = self.bias_wd[:, None]
        gradient = strengths * weights
        return (gradient * weights).sum(axis=(1, 2)) / 2, gradient

    def l1_strengths(self, width: int) -> Float64s:
        """Return the strength of L1 for each of `width` weights of an output, (P, 1, width): none for the bias."""
        strengths = np.repeat(self.l1[:, None, None], width, axis=2)
        strengths[..., -1] = 0
        return strengths

    def group_rows(self, labels: Floats, folds: Int64s | None) -> Float32s | None:
        """Return the group of each row, (n,), by its label and its fold; None where all rows count alike."""
        if self.shares is None:
            return None
        groups = np.zeros(len(labels)) if folds is None else folds * float(self.classes)
        return np.asarray(groups + labels if self.classes > 1 else groups, np.float32)


def build_problems(candidates: Sequence[Candidate], objective: Objective, batch_size: int, folds: int = 0) -> Problems:
    """Return a problem for each candidate, then, fold after fold, one for each candidate without the rows of the fold.

    Candidates mean l1 as what a mini-batch of `batch_size` rows makes of it. A problem without a fold keeps the
    strengths for the sum over all rows, so that a candidate is as regularised with the fold as without it.
    """
    class_weights = objective.class_weights
    classes = 1 if class_weights is None else class_weights.shape[1]
    shares = None
    if folds or class_weights is not None:
        own = np.ones((classes, len(candidates))) if class_weights is None else class_weights.T
        kept = 1.0 - np.eye(folds, folds + 1, 1)  # (folds, 1 + folds): whether a problem counts a fold
        groups = kept if folds else np.ones((1, 1))
        shares = np.einsum("fp,cs->fcps", groups, own).reshape(max(folds, 1) * classes, -1).astype(np.float32)
    repeats = folds + 1
    return Problems(
        objective,
        np.tile([c.wd for c in candidates], repeats),
        np.tile([c.wd * c.bias_wd_mult for c in candidates], repeats),
        np.tile([c.l1 / batch_size for c in candidates], repeats),
        shares,
        classes,
    )
