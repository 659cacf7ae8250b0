"""What candidates share at each update: their step sizes, and how much of the weights enters their averages."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.candidates import Candidate, rate_decay
from linear_learner.optimizers import OPTIMIZERS

Floats = NDArray[Any]
AVERAGE_ETA = 8


def step_sizes(candidates: Sequence[Candidate], t: NDArray[np.int64]) -> dict[str, Floats]:
    """Return tables with a row for each of the updates t (T,) and a column for each candidate, (T, M).

    `rates` are the learning rates as the optimizers correct them, `proximal_rates` those without correction, `shares`
    what part of the new weights enters the average: all of it where a candidate does not average.
    """
    schedules = [(c.lr_scheduler_step, c.lr_scheduler_factor) for c in candidates]
    decays = {schedule: rate_decay(*schedule, t) for schedule in set(schedules)}
    scheduled = np.stack([c.decayed(decays[s]) for c, s in zip(candidates, schedules, strict=True)], axis=1)
    corrections: dict[tuple[Any, ...], Floats] = {}
    kinds = [(c.optimizer, c.beta_1, c.beta_2) for c in candidates]
    for c, kind in zip(candidates, kinds, strict=True):
        if kind not in corrections:
            corrections[kind] = OPTIMIZERS[c.optimizer].correction(t, vars(c))
    averaging = np.array([c.average for c in candidates])
    return {
        "rates": scheduled * np.stack([corrections[kind] for kind in kinds], axis=1),
        "proximal_rates": scheduled,
        "shares": np.where(averaging, average_share(t)[:, None], 1.0),
    }


def average_share(t: NDArray[np.int64]) -> Floats:
    """Return how much of the new weights enters the running average at updates t = 1, 2, ...

    The weights of about the last ninth of all updates make up the average, whatever their number (polynomial decay
    averaging, Shamir and Zhang 2013, with eta 8).
    """
    return np.asarray((AVERAGE_ETA + 1) / (t + AVERAGE_ETA))


def average_kept(t: int) -> float:
    """Return what is left, after update t, of the average as it was after the first one.

    It is the product of 1 - average_share over the updates 2, ..., t, which telescopes.
    """
    return math.prod((1 + step) / (t + step) for step in range(AVERAGE_ETA + 1))
