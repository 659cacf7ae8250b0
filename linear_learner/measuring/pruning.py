"""Decide which candidates can no longer win, so that training can continue without them."""

import numpy as np

from open_algorithms.learning.types.arrays import Bools, Floats

WINDOW = 3  # epochs whose steps tell how a candidate moves
STEP_CREDIT = 0.5  # of its largest step, that a candidate is credited with for each epoch left: steps grow smaller
NOISE_CREDIT = 5.0  # median steps of all candidates that chance is credited with
LEAST_SHARE = 0.25  # of the candidates, that must leave at once: their bank is built anew beside the old one
LEAST_SAVED_MARGINS = 4_000_000  # margins that must be saved: a new bank costs as much time as some millions of them


def hopeless_candidates(losses: Floats, epochs_left: int) -> Bools:
    """Return a mask (M,) of the candidates whose loss is further from the best than it can fall in the epochs left.

    `losses` (epochs, M) are those on the deciding rows; the last WINDOW + 1 epochs count, and with fewer no candidate
    is hopeless. Non-finite losses count as infinite.
    """
    if len(losses) <= WINDOW:
        return np.zeros(losses.shape[1], bool)
    recent = np.where(np.isfinite(losses), losses, np.inf)[-WINDOW - 1 :]
    with np.errstate(invalid="ignore"):
        steps = np.abs(np.diff(recent, axis=0))  # of a candidate that stays infinite nan
        chance = NOISE_CREDIT * np.median(steps[np.isfinite(steps)]) if np.isfinite(steps).any() else np.inf
        reach = STEP_CREDIT * epochs_left * np.nan_to_num(steps, nan=0.0, posinf=np.inf).max(axis=0) + chance
        return np.asarray(recent.min(axis=0) - recent.min() > reach)


def is_worth_pruning(leaving_models: int, models: int, margins: float, epochs_left: int) -> bool:
    """Return whether dropping `leaving_models` of `models` saves more than building a new bank costs.

    `margins` is the work of one model in an epoch: rows times outputs.
    """
    return leaving_models >= LEAST_SHARE * models and leaving_models * margins * epochs_left >= LEAST_SAVED_MARGINS
