"""How sure figures of a channel are: intervals of 95 %, by the Bayesian bootstrap over its rows.

Rubin 1981: rows are given random weights instead of being drawn. Of counts, such as those of a confusion matrix, that
comes to a Dirichlet distribution; half a row is added to each, as of Jeffreys, so that a model that is right in all of
ten rows is not said to be right for sure.
"""

from collections.abc import Callable, Mapping

import numpy as np

from open_algorithms.learning.types.arrays import Float64s, Int64s, Numbers

DRAWS = 1000
CELLS = 512  # that many rows are dealt to in turn, and that are weighted instead of rows
LEVELS = (0.025, 0.975)  # quantiles between which 95 % of the draws lie
NORMAL_QUANTILE = 1.959964  # standard errors to either side that come to as much

Interval = tuple[float, float]
Figures = Mapping[str, Float64s]


def bound_draws(draws: Float64s) -> Interval:
    """Return the interval of random draws (m,)."""
    low, high = np.quantile(draws, LEVELS).tolist()
    return low, high


def bound_shares(counts: Numbers, figures: Callable[[Float64s], Figures]) -> dict[str, Interval]:
    """Return an interval for each of the figures that depend on counts of rows (c,) alone.

    `figures` maps shares (c, m) of m random draws to one number for each draw, (m,), by name.
    """
    shares = np.random.default_rng(0).dirichlet(np.asarray(counts, np.float64).ravel() + 0.5, DRAWS)
    return {name: bound_draws(values) for name, values in figures(shares.T).items()}


def bound_means(
    values: Float64s, figures: Callable[[Float64s], Figures], known: Mapping[str, float], rows: int
) -> dict[str, Interval]:
    """Return an interval for each of the figures that depend on the means of the columns of rows (n, q) alone.

    `figures` maps means (q, m) of m random draws to one number for each draw, (m,), by name. Where the n rows are a
    sample of `rows`, intervals are narrower than the sample's. They lie about the `known` figures of all rows.
    """
    cells = min(CELLS, len(values))
    dealt = np.arange(len(values)) % cells
    sums = np.stack([np.bincount(dealt, column, cells) for column in values.T])
    weights = np.random.default_rng(0).standard_gamma(1.0, (cells, DRAWS))
    drawn = figures(sums @ weights / (np.bincount(dealt, minlength=cells) @ weights))
    own = figures(values.mean(axis=0)[:, None])
    shrink = (len(values) / rows) ** 0.5
    return {name: bound_draws(known[name] + (drawn[name] - own[name]) * shrink) for name in known if name in drawn}


def bound_area(counts: Int64s) -> Interval | None:
    """Return the interval of the area under the ROC curve, by DeLong, DeLong and Clarke-Pearson 1988.

    `counts` (u, 2) are the numbers of negatives and positives at each distinct score, ascending. None where either
    label has fewer than two rows, or where scores tell the labels apart without a fault.
    """
    negatives, positives = counts.T.astype(np.float64)
    totals = negatives.sum(), positives.sum()
    if min(totals) < 2:
        return None
    below = (np.cumsum(negatives) - negatives / 2) / totals[0]  # of negatives, at each positive
    above = 1 - (np.cumsum(positives) - positives / 2) / totals[1]  # of positives, at each negative
    area = float(positives @ below / totals[1])
    spread = positives @ (below - area) ** 2 / (totals[1] - 1), negatives @ (above - area) ** 2 / (totals[0] - 1)
    error = float(spread[0] / totals[1] + spread[1] / totals[0]) ** 0.5
    if not error:
        return None
    return max(0.0, area - NORMAL_QUANTILE * error), min(1.0, area + NORMAL_QUANTILE * error)
