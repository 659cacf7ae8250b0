"""How far scores are off where a machine's centers are folded into its float32 weights, as other programs need them.

Those programs take features as they are, and add up terms that are large where features are far from 0.
"""

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.artifact.params import fold_parameters
from open_algorithms.learning.artifact.archives import ORIGINAL_FILE
from open_algorithms.learning.types.arrays import Float32s, Float64s, Floats

ROWS = 64  # that are tried
TOLERANCE = 1e-3  # of a score before any link: of a regressor, relative to how much scores vary
MINOR = 0.01  # of the largest part of a feature: below it, it is not told
TOLD_NAMES = 5


def warn_of_folding(model: FactorModel, sizes: Float32s | None) -> str | None:
    """Return a warning where other programs' scores of rows around the centers are off by more than TOLERANCE.

    Features differ from their centers by about `sizes` (d,), or 1. None where there is nothing to warn of.
    """
    if model.centers is None:
        return None
    steps = np.random.default_rng(0).normal(size=(ROWS, model.feature_dim))
    X = model.centers + steps * (1 if sizes is None else sizes)
    expected = model.margins(X)
    off = float(np.nan_to_num(np.abs(score_folded(model, X) - expected), nan=np.inf, posinf=np.inf).max())
    unit = 1.0 if model.predictor_type == "binary_classifier" else float(expected.std())
    if off <= TOLERANCE * unit:
        return None
    parts = part_sizes(model, model.centers)
    order = np.argsort(-parts, kind="stable")
    large = [model.feature_names[i] for i in order[: int((parts >= MINOR * parts.max()).sum())]]
    more = f" and {len(large) - TOLD_NAMES:,} more" if len(large) > TOLD_NAMES else ""
    return (
        f"Scores of other programs than ours that read {ORIGINAL_FILE}, which add up in float32, are off by {off:.1g} "
        f"or so before any link, because columns are far from 0 beside how they vary: {', '.join(large[:TOLD_NAMES])}"
        f"{more}. For such programs subtract fixed numbers from these columns, both in the training data and in "
        "requests. Our own server and commands score JSON and CSV exactly."
    )


def score_folded(model: FactorModel, X: Floats) -> Float64s:
    """Return the scores of rows X (n, d) as other programs add them up, in float32: infinite or NaN beyond it."""
    bias, linear = fold_parameters(model)
    with np.errstate(over="ignore", invalid="ignore"):
        narrow, v = X.astype(np.float32), model.factors
        pairs = np.square(narrow @ v).sum(axis=1) - np.square(narrow) @ np.square(v).sum(axis=1)
        return np.asarray(bias + narrow @ linear + pairs / np.float32(2), np.float64)


def part_sizes(model: FactorModel, centers: Float64s) -> Float64s:
    """Return the size of what each feature at its center adds to scores without centers, (d,), before any cancels."""
    own = np.abs(model.factors * centers[:, None])
    return np.asarray(np.abs(model.fold_centers()[1] * centers) + own @ own.sum(axis=0))
