"""The training loop: epoch after epoch until nothing is gained.

Tests: tests/linear_learner/training/test_fit.py, tests/linear_learner/training/test_progress.py,
tests/linear_learner/measuring/test_pruning.py.
"""

import time
from collections.abc import Callable, Mapping

import numpy as np

from linear_learner.measuring.final import objective_name
from linear_learner.measuring.standings import Standings, evaluate_candidates, least_finite
from linear_learner.training.labels import check_labels_vary
from linear_learner.training.log_lines import Period, iterator_counts, log_losses
from linear_learner.training.plan import Plan
from linear_learner.training.progress import TrainingProgress
from open_algorithms.learning.job.stop import StopCheck
from open_algorithms.learning.rows.kept import ChannelRows
from open_algorithms.learning.types.arrays import Floats


def train_epochs(
    plan: Plan,
    progress: TrainingProgress,
    unchecked: Mapping[str, ChannelRows],
    write_next_checkpoint: Callable[[], None] | None,
) -> Mapping[str, ChannelRows]:
    """Train epoch by epoch until early stopping, and write a checkpoint after each.

    The labels of `unchecked` channels are checked once all have been seen; those that are still unchecked are returned.
    The listener is shown the position within the epoch between updates.
    """
    work, total_rows = plan.work, plan.row_counts["train"].most
    if not plan.candidates:
        return unchecked
    while progress.epoch < plan.hp.schedule.epochs and not progress.stopping.is_over:
        started = time.time()
        losses, row_count = train_one_epoch(plan, progress, total_rows)
        trained, total_rows = Period(progress.epoch, started, time.time()), row_count
        work.record_lap("train")
        log_losses("train", objective_name(plan.hp), progress.active, losses, trained, work.log)
        standings = evaluate_epoch(plan, progress, trained)
        unchecked = check_labels_vary(unchecked, plan.hp, work.hosts, work.log)
        record_epoch(plan, progress, losses, standings)
        log_epoch(plan, progress, trained, row_count)
        if standings is not None and not standings.maximise and not progress.stopping.is_over:
            prune_and_log(plan, progress, standings, row_count)
        progress.update_seconds.append(trained.end - trained.start)
        progress.check_seconds.append(time.time() - trained.end)
        work.record_lap("validate")
        with work.hosts.stopping_together():
            if write_next_checkpoint is not None:
                write_next_checkpoint()
                work.record_lap("checkpoint")
            work.raise_if_stopped()
    best = progress.stopping.optimum
    work.log.show_progress(progress.epoch, progress.epoch, 0, total_rows, plan.criterion_name, best)
    return unchecked


def train_one_epoch(plan: Plan, progress: TrainingProgress, total_rows: float) -> tuple[Floats, int]:
    """Train on all rows once; `total_rows` is their number over all hosts, infinite until it is known.

    Return each candidate's mean loss before its updates, (M,), and the row count over all hosts.
    """
    train, hosts = plan.train, plan.work.hosts
    pieces = train.iterate_epoch(epoch_shuffler(plan, progress))
    lost = progress.bank.train_epoch(pieces, progress_callback(plan, progress, total_rows))
    sums = hosts.broadcast(hosts.all_reduce([*lost, train.row_count]))
    return sums[:-1] / sums[-1], int(sums[-1])


def epoch_shuffler(plan: Plan, progress: TrainingProgress) -> np.random.Generator | None:
    """Return the random generator that shuffles this host's rows in the coming epoch.

    Host 0's carries over from epoch to epoch and is in its checkpoint; the other hosts seed a new one by rank and
    epoch.
    """
    rank = plan.work.hosts.rank
    if progress.shuffler is None or rank == 0:
        return progress.shuffler
    return np.random.default_rng([plan.hp.seed, rank, progress.epoch])


def progress_callback(plan: Plan, progress: TrainingProgress, total_rows: float) -> StopCheck:
    """Show the start of an epoch; return a callback that shows the position within it and calls `raise_if_stopped`."""
    epoch, epochs, seen_before = progress.epoch, plan.hp.schedule.epochs, progress.bank.rows_seen
    name, best = plan.criterion_name, progress.stopping.optimum
    plan.work.log.show_progress(epoch, epochs, 0, total_rows, name, best)

    def show_and_check() -> None:
        rows = min(progress.bank.rows_seen - seen_before, total_rows)
        plan.work.log.show_progress(epoch, epochs, rows, total_rows, name, best)
        plan.work.raise_if_stopped()

    return show_and_check


def evaluate_epoch(plan: Plan, progress: TrainingProgress, trained: Period) -> Standings | None:
    """Evaluate the candidates on the validation channel and log their losses; None without that channel."""
    if plan.validation is None:
        return None
    work = plan.work
    standings = evaluate_candidates(
        progress.bank, plan.validation, plan.hp, plan.calibration_rows, work.raise_if_stopped, work.hosts
    )
    evaluated = Period(trained.epoch, trained.end, time.time())
    log_losses("validation", objective_name(plan.hp), progress.active, standings.losses, evaluated, work.log)
    return standings


def record_epoch(plan: Plan, progress: TrainingProgress, losses: Floats, standings: Standings | None) -> None:
    """Record what the epoch has brought, and log it."""
    epoch, value = progress.epoch, least_finite(losses) if standings is None else standings.best_value
    plan.work.log.log_criterion(epoch, plan.criterion_name, value)
    if progress.finish_epoch(losses, standings, value):
        plan.work.log.info(f"Epoch {epoch}: Loss improved. Updating best model")


def log_epoch(plan: Plan, progress: TrainingProgress, trained: Period, row_count: int) -> None:
    """Log how far training has come, how many rows it has read, and how fast."""
    log, is_over = plan.work.log, progress.stopping.is_over
    if is_over:
        log.info("Early stop condition met. Stopping training.")
    log.log_progress(100 * progress.epoch / plan.hp.schedule.epochs, stopped_early=is_over)
    log.log_metrics(
        iterator_counts(progress.epoch, row_count, -(-row_count // plan.hp.batch.everywhere)),
        start=trained.start,
        end=trained.end,
        epoch=trained.epoch,
        meta="training_data_iter",
    )
    log.log_throughput(row_count / (trained.end - trained.start))


def prune_and_log(plan: Plan, progress: TrainingProgress, standings: Standings, row_count: int) -> None:
    """Drop the candidates that can no longer win, and log which."""
    models, epochs_left = len(progress.active), plan.hp.schedule.epochs - progress.epoch
    leaving = progress.prune_losers(standings.losses, epochs_left, row_count * plan.hp.outputs)
    if len(leaving):
        plan.work.log.info(
            f"{len(leaving)} of {models} candidates leave: their validation losses are further from the best than they "
            f"can still fall in {epochs_left} epochs: {', '.join(map(str, leaving))}."
        )
