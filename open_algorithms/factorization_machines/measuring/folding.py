"""How far scores are off where a machine's centers are folded into its float32 weights, as other programs need them.

Those programs take features as they are, and add up terms that are large where features are far from 0.
"""

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.artifact.params import fold_parameters
from open_algorithms.learning.artifact.archives import ORIGINAL_FILE
from open_algorithms.learning.types.arrays import Float32s, Float64s, Floats, Int64s

ROWS = 64  # that are tried
TOLERANCE = 1e-3  # of a score before any link: of a regressor, relative to how much scores vary
MINOR = 0.01  # of the largest part of a feature: below it, it is not told
TOLD_NAMES = 5
USUAL_SIZES = (1e-15, 1e15)  # of a feature: such programs square features and factors, in float32


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
    extents = np.abs(model.centers) + (1 if sizes is None else sizes)
    unusual = np.flatnonzero((extents < USUAL_SIZES[0]) | (extents > USUAL_SIZES[1]))
    if not np.isfinite(off) and len(unusual):
        return (
            f"Other programs than ours that read {ORIGINAL_FILE} cannot score: they add up squares in float32, which "
            f"has no room for those of columns as large or small as {tell_names(model, unusual)}. For such programs "
            "multiply these columns by fixed numbers to values of about 1, both in the training data and in requests. "
            "Our own server and commands score JSON and CSV exactly."
        )
    parts = part_sizes(model, model.centers)
    order = np.argsort(-parts, kind="stable")
    large = order[: int((parts >= MINOR * parts.max()).sum())]
    return (
        f"Scores of other programs than ours that read {ORIGINAL_FILE}, which add up in float32, are off by {off:.1g} "
        f"or so before any link, because columns are far from 0 beside how they vary: {tell_names(model, large)}. For "
        "such programs subtract fixed numbers from these columns, both in the training data and in requests. Our own "
        "server and commands score JSON and CSV exactly."
    )


def tell_names(model: FactorModel, features: Int64s) -> str:
    """Name the first TOLD_NAMES of some features, and count the others."""
    more = f" and {len(features) - TOLD_NAMES:,} more" if len(features) > TOLD_NAMES else ""
    return ", ".join(model.feature_names[i] for i in features[:TOLD_NAMES]) + more


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
