"""Where training starts: a bank with its initial weights, or the state in a checkpoint of the same job.

Tests: tests/linear_learner/training/test_checkpoints.py, tests/linear_learner/training/test_initial.py.
"""

import json
import zlib
from collections.abc import Callable
from dataclasses import asdict

import numpy as np

from linear_learner.bank.sliced import SlicedBank
from linear_learner.objective.model import LinearModel
from linear_learner.training.initial import draw_initial_weights, earlier_weights
from linear_learner.training.plan import Plan, log_plan
from linear_learner.training.progress import TrainingProgress
from open_algorithms.learning.columns.document import write_recipe
from open_algorithms.learning.resuming import resume_or_start
from open_algorithms.learning.rows.kept import HeldRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.training.checkpoints import (
    Identity,
    array_checksum,
    data_fingerprints,
)
from open_algorithms.learning.training.stopping import EarlyStopping
from open_algorithms.learning.types.arrays import Floats

IDENTITY_FORMAT = 6


def start_training(plan: Plan, earlier: LinearModel | None) -> tuple[TrainingProgress, Callable[[], None] | None]:
    """Set up the bank and resume from a checkpoint of the same job, if there is one.

    Also returns a function that writes the next checkpoint; None where no host keeps any.
    """
    initial = initial_weights(plan, earlier)
    progress = TrainingProgress(
        build_bank(plan, initial), early_stopping(plan), make_shuffler(plan), solver_start(plan, earlier)
    )
    log_plan(plan, earlier is not None)
    if not plan.work.hosts.all_reduce_max(plan.work.checkpoints is not None):
        return progress, None
    return progress, resume_or_start(progress, job_identity(plan, initial, progress.solver_start), plan.data, plan.work)


def initial_weights(plan: Plan, earlier: LinearModel | None) -> Floats:
    """Return the initial weights (M, K, d + 1): drawn at random, or those of the earlier model on host 0.

    A feature that is 0 in every standardised row is never updated, so its weight starts at 0: any other would become a
    large raw weight, with a bias that cancels it.
    """
    hp, train, hosts, models = plan.hp, plan.train, plan.work.hosts, len(plan.candidates)
    if earlier is not None:
        return hosts.broadcast(earlier_weights(models, earlier, hp, train.scaler))
    weights = draw_initial_weights(
        range(models),
        hp.outputs,
        train.feature_dim,
        seed=hp.seed,
        method=hp.initial.init_method,
        spread=hp.initial.spread,
        bias=hp.initial.init_bias if hp.objective.use_bias else 0.0,
    )
    weights[:, :, :-1][:, :, hosts.all_reduce(train.rows.varying_features()) == 0] = 0
    return weights


def solver_start(plan: Plan, earlier: LinearModel | None) -> Floats:
    """Return the weights (K, d + 1) that candidates are solved from: the earlier model's on host 0, if there is one.

    Otherwise, and in folds, which must not know what was learned from all rows, they give each class its share.
    """
    hp, train, hosts = plan.hp, plan.train, plan.work.hosts
    if earlier is not None and not plan.solving.folds:
        return np.asarray(hosts.broadcast(earlier_weights(1, earlier, hp, train.scaler))[0])
    start = np.zeros((hp.outputs, train.feature_dim + 1), np.float32)
    if hp.objective.use_bias and hp.predictor_type != "regressor":
        # Of a stream, how many rows are at hand depends on the memory.
        labels = train.rows.labels.astype(np.int64) if isinstance(train, HeldRows) else np.zeros(0, np.int64)
        counts = hosts.all_reduce(np.bincount(labels, minlength=max(hp.outputs, 2))) + 1
        shares = hosts.broadcast(np.log(counts / counts.sum()))
        start[:, -1] = shares if hp.outputs > 1 else shares[1] - shares[0]
    return start


def build_bank(plan: Plan, initial: Floats) -> SlicedBank:
    """Set up the bank with its initial weights."""
    return SlicedBank(
        plan.candidates,
        initial,
        plan.objective,
        plan.hp.batch.everywhere,
        is_sparse=isinstance(plan.train.rows, SparseRows),
        engine=plan.engine,
        hosts=plan.work.hosts,
    )


def early_stopping(plan: Plan) -> EarlyStopping:
    """Return the rule by which training stops early."""
    schedule = plan.hp.schedule
    return EarlyStopping(
        schedule.early_stopping_patience, schedule.early_stopping_tolerance, maximise=plan.is_stopped_by_score
    )


def make_shuffler(plan: Plan) -> np.random.Generator | None:
    """Return the generator that shuffles host 0's rows; None where rows keep their order."""
    return np.random.default_rng(plan.hp.seed) if plan.hp.schedule.shuffle else None


def job_identity(plan: Plan, initial: Floats, solved_from: Floats) -> Identity:
    """Return what two jobs must have in common for one to resume the other, as values that JSON can hold."""
    columns = {} if plan.recipe is None else {"columns": [zlib.crc32(json.dumps(write_recipe(plan.recipe)).encode())]}
    return {
        "format": IDENTITY_FORMAT,
        "engine": plan.engine.name,
        "hyperparameters": plan.hp.by_name(),
        "candidates": [asdict(candidate) for candidate in plan.all_candidates],
        "start": [array_checksum(initial), array_checksum(solved_from)],
        "data": data_fingerprints(plan.data, plan.work.hosts) | columns,
    }
