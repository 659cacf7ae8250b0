"""Where training starts: a bank with its initial parameters, or the state in a checkpoint of the same job.

Tests: tests/factorization_machines/training/test_interruption.py.
"""

import json
import zlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from open_algorithms.factorization_machines.machines.bank import Bank
from open_algorithms.factorization_machines.options.hyperparameters import Hyperparameters
from open_algorithms.factorization_machines.training.plan import Plan, log_plan
from open_algorithms.factorization_machines.training.progress import Fortune, Progress
from open_algorithms.learning.columns.document import write_recipe
from open_algorithms.learning.resuming import resume_or_start
from open_algorithms.learning.training.checkpoints import (
    Identity,
    data_fingerprints,
)

IDENTITY_FORMAT = 1


def start_training(plan: Plan) -> tuple[Progress, Callable[[], None] | None]:
    """Set up the bank and resume from a checkpoint of the same job, if there is one.

    Also returns a function that writes the next checkpoint; None where no host keeps any.
    """
    progress = Progress(
        plan.start_bank(plan.candidates),
        np.random.default_rng(plan.hp.seed) if plan.hp.shuffle else None,
        {candidate.number: Fortune() for candidate in plan.candidates},
    )
    log_plan(plan)
    if not plan.work.hosts.all_reduce_max(plan.work.checkpoints is not None):
        return progress, None
    return progress, resume_or_start(progress, job_identity(plan, progress.bank), plan.data, plan.work)


def job_identity(plan: Plan, bank: Bank) -> Identity:
    """Return what two jobs must have in common for one to resume the other, as values that JSON can hold."""
    recipe = plan.columns.recipe
    columns = {} if recipe is None else {"columns": [zlib.crc32(json.dumps(write_recipe(recipe)).encode())]}
    return {
        "format": IDENTITY_FORMAT,
        "algorithm": "factorization_machines",
        "engine": [type(bank.groups[0].stepper).__name__, [group.numbers for group in bank.groups]],
        "hyperparameters": flatten_hyperparameters(plan.hp),
        "candidates": [asdict(candidate) for candidate in plan.candidates],
        "start": [],
        "data": data_fingerprints(plan.data, plan.work.hosts) | columns,
    }


def flatten_hyperparameters(hp: Hyperparameters) -> dict[str, Any]:
    """Return the values of hyperparameters by name, those of groups beside the others."""
    values: dict[str, Any] = asdict(hp)
    values |= values.pop("steps")
    values |= values.pop("selection")
    return values
