"""Choose a mean of candidates: the one that answers best on rows that nobody learned from.

Candidates are taken one after the other, again and again, each time the one by which the mean becomes best (Caruana,
Niculescu-Mizil, Crew and Ksikes 2004, "Ensemble selection from libraries of models"). A mean of machines is one machine
again, with the factors of all, each times the root of its share.
"""

from collections.abc import Callable, Mapping

import numpy as np

from open_algorithms.factorization_machines.machines.machines import Parameters
from open_algorithms.learning.types.arrays import Float64s

MOST_PICKS = 12
MOST_MEMBERS = 6  # of which each adds its factors to the model

MeanLosses = Callable[[Float64s], Float64s]  # of scores (M, n), (M,), over the rows of all hosts


def choose_shares(scores: Float64s, mean_losses: MeanLosses, most_members: int = MOST_MEMBERS) -> Float64s:
    """Return the share of each candidate in the mean that is best, (M,), from scores of the deciding rows (M, n).

    It has at most so many members.

    What is not finite has no share; where nothing is, nor has anything.
    """
    counts, picked = np.zeros(len(scores)), np.zeros(len(scores))
    total, best = np.zeros(scores.shape[1]), np.inf
    for picks in range(1, MOST_PICKS + 1):
        losses = mean_losses((total + scores) / picks)
        usable = (picked > 0) | ((picked > 0).sum() < most_members)
        losses = np.where(np.isfinite(losses) & usable, losses, np.inf)
        pick = int(losses.argmin())
        if not np.isfinite(losses[pick]):
            break
        total, picked[pick] = total + scores[pick], picked[pick] + 1
        if losses[pick] < best:
            best, counts = float(losses[pick]), picked.copy()
    shares: Float64s = counts / max(counts.sum(), 1)
    return shares


def mix_parameters(parameters: Mapping[int, Parameters], shares: Mapping[int, float]) -> Parameters:
    """Return the mean of machines as one machine; those without a share are left out."""
    chosen = {number: share for number, share in shares.items() if share > 0}
    bias = sum(share * parameters[number].bias for number, share in chosen.items())
    linear = sum(np.float32(share) * parameters[number].linear for number, share in chosen.items())
    factors = [np.float32(np.sqrt(share)) * parameters[number].factors for number, share in chosen.items()]
    return Parameters(float(bias), np.asarray(linear, np.float32), np.concatenate(factors, axis=1))


def in_label_units(parameters: Parameters, mean: float, scale: float) -> Parameters:
    """Return parameters of a machine that answers in the label's units, of one that learned (label - mean) / scale."""
    root = np.float32(np.sqrt(scale))
    return Parameters(parameters.bias * scale + mean, parameters.linear * np.float32(scale), parameters.factors * root)
