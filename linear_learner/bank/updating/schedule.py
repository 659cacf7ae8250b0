"""Tables of learning rates and averaging weights for a run of updates."""

import math
from collections.abc import Sequence

import numpy as np

from linear_learner.bank.updating.optimizers import OPTIMIZERS
from linear_learner.options.candidates import Candidate, scheduler_decay
from open_algorithms.learning.types.arrays import Float64s, Int64s

AVERAGE_ETA = 8


def step_sizes(candidates: Sequence[Candidate], t: Int64s) -> dict[str, Float64s]:
    """Return tables with one row for each update in t (T,) and one column for each candidate, (T, M).

    `rates` are the learning rates with the optimizers' corrections, `proximal_rates` those without. `shares` are the
    weights of the newest iterate in the running average: 1 where a candidate does not average.
    """
    schedules = [(c.lr_scheduler_step, c.lr_scheduler_factor) for c in candidates]
    decays = {schedule: scheduler_decay(*schedule, t) for schedule in set(schedules)}
    scheduled = np.stack(
        [c.decayed_learning_rate(decays[s]) for c, s in zip(candidates, schedules, strict=True)], axis=1
    )
    corrections: dict[tuple[str, float, float], Float64s] = {}
    kinds = [(c.optimizer, c.beta_1, c.beta_2) for c in candidates]
    for c, kind in zip(candidates, kinds, strict=True):
        if kind not in corrections:
            corrections[kind] = OPTIMIZERS[c.optimizer].rate_correction(t, vars(c))
    averaging = np.array([c.average for c in candidates])
    return {
        "rates": scheduled * np.stack([corrections[kind] for kind in kinds], axis=1),
        "proximal_rates": scheduled,
        "shares": np.where(averaging, average_share(t)[:, None], 1.0),
    }


def average_share(t: Int64s) -> Float64s:
    """Return the weight of the newest iterate in the running average at updates t = 1, 2, ..., (T,).

    Polynomial-decay averaging (Shamir and Zhang 2013) with eta 8: the average covers about the last ninth of all
    updates.
    """
    return np.asarray((AVERAGE_ETA + 1) / (t + AVERAGE_ETA))


def average_retention(t: int) -> float:
    """Return how much of the average after the first update remains after update t.

    This is the product of 1 - average_share over the updates 2, ..., t, which telescopes.
    """
    return math.prod((1 + step) / (t + step) for step in range(AVERAGE_ETA + 1))
