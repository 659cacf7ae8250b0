"""The shape of the loss at its start, from a sample of the rows, by which a solver's first steps are made."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from linear_learner.solving.problems import Problems
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.rows.csr import as_dense, take_rows
from open_algorithms.learning.rows.dense import DenseRows
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.types.arrays import Float64s

LARGEST_WIDTH = 1024  # up to which all directions of the features are told apart
SAMPLE_NUMBERS = 2**22  # of the sample
FEWEST_SAMPLED = 256  # rows of a sample that is worth it
LEAST_CURVATURE = 1e-3  # by margin, of what it was at the start: where it is less, few rows are in doubt
RELATIVE_RIDGE = 1e-6  # of the mean variance, that every direction has at least
UNLIKE_UNITS = 1e8  # by which the largest variance exceeds the smallest, beyond what standardised features do
L1_RIDGE = 0.1  # the same with L1, whose pull also has directions in which the rows do not vary


@dataclass(frozen=True)
class Spread:
    """How the features of a sample spread: `directions` (d, r) with their variances (r,), and about `mean` (d,).

    In directions beyond these the variance is `rest`.
    """

    mean: Float64s
    directions: Float64s
    variances: Float64s
    rest: float

    @property
    def mean_variance(self) -> float:
        """The variance of a direction, on average."""
        width, found = self.directions.shape
        return float(self.variances.sum() + (width - found) * self.rest) / width

    def scale_gradients(self, gradients: Float64s, curvatures: Float64s, problems: Problems) -> Float64s:
        """Return what an inverse of the approximate Hessian makes of gradients (P, K, d + 1).

        The Hessian of a problem is its curvature (P, K) times the second moments of the features, plus its wd.
        """
        curved, wd = curvatures[..., None], problems.wd[:, None, None]
        ridge = (
            curved * (self.mean_variance or 1.0) * np.where(problems.l1 > 0, L1_RIDGE, RELATIVE_RIDGE)[:, None, None]
        )
        own = gradients[..., :-1] - gradients[..., -1:] * self.mean
        beyond = 1 / (curved * self.rest + wd + ridge)
        along = 1 / (curved * self.variances + wd + ridge)
        features = ((own @ self.directions) * (along - beyond)) @ self.directions.T + own * beyond
        bias = gradients[..., -1] / curvatures - features @ self.mean
        return np.concatenate([features, bias[..., None]], axis=2)


@dataclass(frozen=True)
class OwnVariances:
    """The variances of features in units so unlike, (d,), that directions across them are rounded away.

    The features spread about `mean` (d,).
    """

    mean: Float64s
    variances: Float64s

    def scale_gradients(self, gradients: Float64s, curvatures: Float64s, problems: Problems) -> Float64s:
        """Return what `Spread.scale_gradients` does where features do not go together."""
        own = gradients[..., :-1] - gradients[..., -1:] * self.mean
        variances = np.where(self.variances > 0, self.variances, 1)  # what does not vary has no gradient either
        features = own / (curvatures[..., None] * variances + problems.wd[:, None, None])
        bias = gradients[..., -1] / curvatures - features @ self.mean
        return np.concatenate([features, bias[..., None]], axis=2)


def measure_spread(rows: AnyRows, hosts: Hosts) -> Spread | OwnVariances:
    """Measure how the standardised features spread, from an even sample of all hosts' rows.

    Where features are many, only the directions of a few hundred sampled rows are told apart; where a dense sample of
    sparse rows would be too large, or features that are not standardised have units that are unlike, none are.
    """
    width = rows.feature_dim
    most = SAMPLE_NUMBERS // width
    is_wide = width > LARGEST_WIDTH
    if (is_wide and hosts.count > 1) or most < FEWEST_SAMPLED:
        return Spread(np.zeros(width), np.zeros((width, 0)), np.zeros(0), 1.0)
    sample = sample_rows(rows, min(most, LARGEST_WIDTH) if is_wide else most)
    count, sums = (hosts.all_reduce(part) for part in ([len(sample), len(rows)], sample.sum(axis=0)))
    mean, share = sums / count[0], count[0] / count[1]
    sample -= mean
    own = hosts.broadcast(hosts.all_reduce((sample**2).sum(axis=0)) / count[0])
    if own.max(initial=0) > UNLIKE_UNITS * own[own > 0].min(initial=np.inf):
        return OwnVariances(mean, own)
    total = hosts.all_reduce([(sample**2).sum()])[0] / count[0]
    if is_wide:
        squares, within = np.linalg.eigh(sample @ sample.T / count[0])
        kept = squares > RELATIVE_RIDGE * squares.max(initial=0)
        squares = squares[kept]
        directions = sample.T @ (within[:, kept] / np.sqrt(squares * count[0]))
    else:
        moments = hosts.broadcast(hosts.all_reduce(sample.T @ sample) / count[0])
        squares, directions = (hosts.broadcast(part) for part in np.linalg.eigh(moments))
        squares = np.maximum(squares, 0)
        directions[moments.diagonal() == 0] = 0  # not a rounding residue, which would move weights that nothing moves
    left = width - len(squares)
    rest = max(0.0, total - squares.sum()) / left if left else 0.0
    # Directions in which a sample varies little vary more in other rows: towards the mean, by as much as is not known.
    unsure = (1 - share) * width / (width + count[0])
    mean_variance = total / width
    return Spread(
        mean, directions, squares + unsure * (mean_variance - squares), rest + unsure * (mean_variance - rest)
    )


def sample_rows(rows: AnyRows, most: int) -> Float64s:
    """Return at most so many of the rows, evenly spread, as standardised features, (n, d)."""
    step = max(1, ceil(len(rows) / most))
    if isinstance(rows, DenseRows):
        chosen = slice(0, len(rows), step)
        return rows.design.restore_features(rows.X[chosen], rows.y[chosen, 0]).astype(np.float64)
    features = as_dense(take_rows(rows.X, np.arange(0, len(rows), step))).astype(np.float64)
    return features if rows.shift is None else features - rows.shift
