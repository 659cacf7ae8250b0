"""The passes of a job: in mini-batches, a search on a sample between them, and exact ones.

Tests: tests/k_means/training/test_fit.py, tests/k_means/training/test_state.py.
"""

import time
from collections.abc import Callable

import numpy as np

from open_algorithms.k_means.clustering.batches import absorb_rows, check_smallness
from open_algorithms.k_means.clustering.lloyd import Lloyd
from open_algorithms.k_means.clustering.runs import Runs
from open_algorithms.k_means.clustering.sampling import Sampler
from open_algorithms.k_means.clustering.searching import keep_best, search_starts
from open_algorithms.k_means.clustering.shrinking import shrink_centers
from open_algorithms.k_means.training.plan import (
    EXACT_PASSES_HELD,
    EXACT_PASSES_STREAMED,
    NUMBERS_TO_SETTLE,
    PRODUCTS_AT_ONCE,
    TOLERANCE,
    Plan,
)
from open_algorithms.k_means.training.state import ClusteringState
from open_algorithms.learning.rows.kept import HeldRows
from open_algorithms.learning.types.arrays import Float64s

WriteCheckpoint = Callable[[], None]
PRODUCTS_OF_SEARCH = 1e8  # multiplications of a pass over the sample, from which on fewer attempts are gone on from


def run_epochs(plan: Plan, state: ClusteringState, write_checkpoint: WriteCheckpoint) -> None:
    """Move the centers by the rows in mini-batches, epoch after epoch, and take the sample in the first."""
    work, hp = plan.work, plan.hp
    while state.epochs < hp.epochs:
        began, rows = time.time(), 0
        sampler = Sampler(plan.sample_rows, hp.seed, work.hosts) if state.sample is None else None
        if sampler is not None and isinstance(plan.train, HeldRows):
            sampler.add(plan.train.rows)  # at once, which copies none in vain
        seen_by = None if isinstance(plan.train, HeldRows) else sampler
        population = plan.populations["train"]
        for taken in absorb_rows(state.moving, population, plan.batch_rows, hp.half_life_time_size, seen_by):
            rows += taken
            work.log.show_progress(state.epochs, hp.epochs, rows, max(rows, plan.rows), "msd", float("nan"))
        if sampler is not None:
            state.sample = sampler.take()
            check_smallness(state.sample)
        state.epochs, state.rows = state.epochs + 1, rows
        work.log.info(f"processed a total of {rows} examples")
        work.log.log_progress(100 * state.epochs / hp.epochs)
        work.log.log_throughput(rows / max(time.time() - began, 1e-9))
        work.record_lap("train")
        with work.hosts.stopping_together():
            write_checkpoint()
            work.raise_if_stopped()


def search_runs(plan: Plan, state: ClusteringState) -> Lloyd:
    """Cluster the centers, and improve the best attempts on the sample; return runs for exact passes.

    Host 0 decides.
    """
    starts = list[Float64s]()
    with plan.work.hosts.stopping_together():
        starts = find_starts(plan, state)
    return Lloyd(share_runs(plan, starts))


def find_starts(plan: Plan, state: ClusteringState) -> list[Float64s]:
    """Cluster the centers, attempt after attempt, improve the best on the sample, and return some of each k."""
    hp, log, generator = plan.hp, plan.work.log, plan.generator(1)
    stop = plan.work.raise_if_stopped
    assert state.sample is not None
    starts, least = [], []
    weight = state.moving.counts.sum()
    for k in hp.ks:
        log.info(f"shrinking {len(state.moving.centers)} centers into {k}")
        attempts = shrink_centers(state.moving, k, hp.local_lloyd, plan.assigner, generator, stop)
        state.attempts = np.asarray(attempts.inertias / weight)
        least.append(state.attempts.min())
        for i, msd in enumerate(state.attempts):
            log.info(f"local kmeans attempt #{i}. Current mean square distance {msd:.6f}")
        log.info(f"finished shrinking process. Mean Square Distance = {least[-1]:g}")
        order = np.argsort(attempts.inertias, kind="stable")
        starts += [attempts.runs[g] for g in order[: attempts_kept(plan, state) if exact_pass_limit(plan) else 1]]
    state.centers_msd = np.array(least)
    plan.work.record_lap("shrink")
    if exact_pass_limit(plan):
        found = search_starts(starts, state.sample, state.moving.centers, plan.assigner, generator, stop)
        starts = [centers for k in hp.ks for centers in keep_best(found, k)[: runs_at_once(plan, state.rows)]]
        plan.work.record_lap("search")
    return starts


def attempts_kept(plan: Plan, state: ClusteringState) -> int:
    """Return how many attempts of each number of clusters are gone on from: fewer where these or the rows are large."""
    assert state.sample is not None
    products = state.sample.stored_numbers * sum(plan.hp.ks)
    return max(1, min(plan.hp.local_lloyd.trials, int(PRODUCTS_OF_SEARCH / max(1, products))))


def share_runs(plan: Plan, starts: list[Float64s]) -> list[Float64s]:
    """Return host 0's runs on every host."""
    hosts = plan.work.hosts
    if hosts.count == 1:
        return starts
    sizes = tuple(hosts.broadcast_json([len(centers) for centers in starts]))
    own = np.concatenate(starts) if hosts.rank == 0 else np.zeros((sum(sizes), plan.train.feature_dim))
    return Runs(np.asarray(hosts.broadcast(own), np.float64), sizes).split()


def runs_at_once(plan: Plan, rows: int) -> int:
    """Return how many runs of each number of clusters may share an exact pass over so many rows."""
    numbers = rows * max(1, plan.train.head_rows.stored_numbers // max(1, len(plan.train.head_rows)))
    return max(1, min(3, int(PRODUCTS_AT_ONCE / (numbers * sum(plan.hp.ks)))))


def exact_pass_limit(plan: Plan) -> int:
    """Return the most exact passes: none where rows lose their weight as they grow old."""
    if plan.hp.half_life_time_size:
        return 0
    if plan.hp.exact_passes is not None:
        return plan.hp.exact_passes
    return EXACT_PASSES_STREAMED if plan.is_streamed else EXACT_PASSES_HELD


def run_exact_passes(plan: Plan, state: ClusteringState, write_checkpoint: WriteCheckpoint) -> None:
    """Move the centers of all runs by exact passes until they have settled."""
    lloyd, work = state.lloyd, plan.work
    assert lloyd is not None
    limit, population = exact_pass_limit(plan), plan.populations["train"]
    tolerance = TOLERANCE if state.rows * plan.train.feature_dim > NUMBERS_TO_SETTLE else 0.0
    while lloyd.active and lloyd.passes < limit:
        lloyd.make_pass(population, tolerance)
        lloyd.prune_losers()
        least = float(lloyd.inertias.min()) / state.rows
        work.log.show_progress(lloyd.passes, limit, state.rows, state.rows, "msd", least)
        with work.hosts.stopping_together():
            write_checkpoint()
            work.raise_if_stopped()
    if lloyd.passes:
        work.log.info(f"Made {lloyd.passes} exact {'pass' if lloyd.passes == 1 else 'passes'} over all rows.")
    work.record_lap("refine")
