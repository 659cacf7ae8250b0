"""Where a job starts: centers among the first rows, or the state in a checkpoint of the same job.

Tests: tests/k_means/training/test_state.py, tests/k_means/training/test_fit.py.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from open_algorithms.k_means.clustering.batches import MovingCenters, check_magnitude
from open_algorithms.k_means.clustering.sampling import gather_first_rows, stored_features
from open_algorithms.k_means.clustering.seeding import Seeder
from open_algorithms.k_means.training.plan import Plan
from open_algorithms.k_means.training.state import ClusteringState
from open_algorithms.learning.resuming import resume_or_start
from open_algorithms.learning.training.checkpoints import (
    Identity,
    data_fingerprints,
)

IDENTITY_FORMAT = 1
ROWS_PER_CENTER = 2  # that centers are chosen among, at least, where a mini-batch has fewer


def start_clustering(plan: Plan) -> tuple[ClusteringState, Callable[[], None]]:
    """Return the state to begin with, and a function that writes the next checkpoint, or does nothing."""
    identity = job_identity(plan) if plan.work.hosts.all_reduce_max(plan.work.checkpoints is not None) else None
    state = ClusteringState(choose_first_centers(plan))
    if identity is None:
        return state, lambda: None
    return state, resume_or_start(state, identity, plan.data, plan.work)


def choose_first_centers(plan: Plan) -> MovingCenters:
    """Choose the centers that mini-batches move, among the first rows of all hosts; host 0 decides."""
    hp, hosts, log = plan.hp, plan.work.hosts, plan.work.log
    wanted = max(hp.mini_batch_size, ROWS_PER_CENTER * hp.start_centers)
    rows = gather_first_rows(plan.train.rows, wanted, hosts)
    if len(rows) < hp.mini_batch_size:
        log.info(
            f"Batch size {hp.mini_batch_size} is bigger than the first batch data. Effective batch size used to "
            f"initialize is {len(rows)}"
        )
    check_magnitude(float(np.abs(stored_features(rows)).max(initial=0)))
    centers = np.zeros((min(hp.start_centers, len(rows)), plan.train.feature_dim))
    with hosts.stopping_together():
        seeder = Seeder(rows, plan.work.raise_if_stopped)
        centers = seeder.choose(hp.start_centers, hp.init_method, plan.generator(0))
    return MovingCenters.start(np.asarray(hosts.broadcast(centers), np.float64))


def job_identity(plan: Plan) -> Identity:
    """Return what two jobs must have in common for one to go on from the other, as values that JSON can hold."""
    known: dict[str, Any] = asdict(plan.hp)
    local = {f"local_lloyd_{name}": value for name, value in known.pop("local_lloyd").items()}
    return {
        "format": IDENTITY_FORMAT,
        "algorithm": "k_means",
        "engine": type(plan.assigner).__name__,
        "hyperparameters": known | local,
        "data": data_fingerprints(plan.data, plan.work.hosts),
        "start": [],
    }
