"""Let what was chosen learn again, from the rows that were held out to choose, too.

Tests: tests/factorization_machines/training/test_fit.py.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from open_algorithms.factorization_machines.machines.machines import Parameters
from open_algorithms.factorization_machines.training.epochs import train_one_epoch
from open_algorithms.factorization_machines.training.plan import Plan
from open_algorithms.factorization_machines.training.progress import Progress
from open_algorithms.learning.rows.kept import ChannelRows, HeldRows, join_rows


def join_held_out(plan: Plan) -> ChannelRows | None:
    """Return the train rows and those that were held out of them; None where not all hosts hold both in memory."""
    train, held_out = plan.train, plan.validation
    held = plan.is_held_out and isinstance(train, HeldRows) and isinstance(held_out, HeldRows)
    if plan.work.hosts.all_reduce([not held])[0] or held_out is None:
        return None
    assert isinstance(train, HeldRows)
    assert isinstance(held_out, HeldRows)
    return replace(train, rows=join_rows(train.rows, held_out.rows))


def train_again(
    plan: Plan, progress: Progress, shares: Mapping[int, float], data: ChannelRows
) -> dict[int, Parameters]:
    """Return the parameters that candidates with a share learn from these rows, each in its best number of epochs."""
    until = {number: progress.fortunes[number].best_epoch for number, share in shares.items() if share > 0}
    bank = plan.start_bank([candidate for candidate in plan.candidates if candidate.number in until])
    shuffler = np.random.default_rng(plan.hp.seed) if plan.hp.shuffle else None
    found: dict[int, Parameters] = {}
    for epoch in range(1 + max(until.values())):
        train_one_epoch(plan, bank, data, shuffler, None)
        done = [number for number, last in until.items() if last == epoch]
        found |= {number: bank.parameters(number) for number in done}
        going = [number for number in until if number not in found]
        if done and going:
            bank.keep(going)
        with plan.work.hosts.stopping_together():
            plan.work.raise_if_stopped()
    return found
