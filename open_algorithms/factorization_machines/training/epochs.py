"""The training loop: epoch after epoch until nothing is gained.

Tests: tests/factorization_machines/training/test_fit.py.
"""

import time
from collections.abc import Callable, Mapping

import numpy as np

from open_algorithms.factorization_machines.machines.bank import Bank, EpochTally, Report
from open_algorithms.factorization_machines.machines.machines import LabelledRows
from open_algorithms.factorization_machines.measuring.losses import row_losses
from open_algorithms.factorization_machines.rows.pieces import iterate_batches, iterate_rows
from open_algorithms.factorization_machines.training.log_lines import log_metrics, mean_loss, tally_metrics
from open_algorithms.factorization_machines.training.plan import Plan
from open_algorithms.factorization_machines.training.progress import Progress
from open_algorithms.learning.rows.csr import Csr
from open_algorithms.learning.rows.kept import ChannelRows
from open_algorithms.learning.types.arrays import Float32s, Float64s

NO_ROWS = LabelledRows(
    Csr(np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(1, np.int64), (0, 0)), np.zeros(0, np.float32)
)
NO_ORDER = np.zeros(0, np.int32)
EPOCHS_AHEAD = 8  # in which a candidate must come to the best loss so far, at the pace of its last ones
Losses = Mapping[int, float]  # of candidates, by number


def train_epochs(plan: Plan, progress: Progress, write_next_checkpoint: Callable[[], None] | None) -> None:
    """Train epoch by epoch until every candidate has stopped, and write a checkpoint after each."""
    work, hosts = plan.work, plan.work.hosts
    while progress.epoch < plan.hp.epochs and not is_over(plan, progress):
        started = time.time()
        tallies = train_one_epoch(plan, progress.bank, plan.train, progress.shuffler, progress.epoch)
        trained = time.time()
        work.record_lap("train")
        losses = {number: mean_loss(*tally, plan.hp) for number, tally in tallies.items()}
        unseen = None if plan.validation is None else validation_losses(plan, progress.bank, plan.validation)
        leading = record_epoch(plan, progress, losses, unseen)
        log_epoch(plan, progress, tallies[leading], trained - started)
        if unseen is not None:
            log_quality(plan, progress.epoch - 1, unseen[leading])
            stop_candidates(plan, progress)
        work.record_lap("validate")
        with hosts.stopping_together():
            if write_next_checkpoint is not None:
                write_next_checkpoint()
                work.record_lap("checkpoint")
            work.raise_if_stopped()


def is_over(plan: Plan, progress: Progress) -> bool:
    """Return whether nothing more is gained: of candidates of ours, where there are some, all have stopped."""
    counted = [number for number in progress.active if number or len(plan.candidates) == 1]
    patience = plan.patience
    return all(progress.fortunes[number].idle >= patience for number in counted)


def train_one_epoch(
    plan: Plan, bank: Bank, data: ChannelRows, shuffler: np.random.Generator | None, epoch: int | None
) -> Mapping[int, EpochTally]:
    """Train on all rows once; return the tally of each candidate. Hosts without rows wait for others.

    Without a number of the epoch nothing is logged.
    """
    hosts, interval = plan.work.hosts, plan.hp.batch_metrics_publish_interval
    if shuffler is not None and hosts.rank:
        shuffler = np.random.default_rng([plan.hp.seed, hosts.rank, int(shuffler.integers(2**32))])
    bank.begin_epoch()
    parts = iterate_batches(data, plan.units, shuffler, plan.largest_batch)
    report = batch_report(plan, bank, epoch)
    while True:
        with hosts.stopping_together():
            part = next(parts, None)
        if not hosts.all_reduce([part is not None])[0]:
            return bank.end_epoch()
        rows, orders = (NO_ROWS, lambda batch: NO_ORDER) if part is None else part
        bank.train(rows, orders, plan.work.raise_if_stopped, interval, report)
        del part, rows, orders


def batch_report(plan: Plan, bank: Bank, epoch: int | None) -> Report | None:
    """Return what logs the metrics of the first candidate between mini-batches; None where hosts train together."""
    if plan.work.hosts.count > 1 or epoch is None:
        return None

    def log_batch(batch: int, tally: Float64s) -> None:
        rows = (batch + 1) * bank.groups[0].machines.batch_rows
        log_metrics(plan.work.log, tally_metrics(tally, rows, plan.hp), "train", epoch, batch)

    return log_batch


def validation_losses(plan: Plan, bank: Bank, data: ChannelRows) -> Losses:
    """Return the mean loss of each candidate on rows that it does not learn from, in the label's units."""
    lost, rows = np.zeros(len(bank.candidates)), 0.0
    hosts = plan.work.hosts
    with hosts.stopping_together():
        for part in iterate_rows(data, plan.units):
            plan.work.raise_if_stopped()
            weights = np.ones(len(part.y), np.float32) if part.weights is None else part.weights
            lost += losses_of(plan, bank.score(part.X), part.y) @ weights
            rows += float(weights.sum(dtype=np.float64))
            del part
    *sums, count = hosts.broadcast(hosts.all_reduce([*lost, rows])).tolist()
    means = [total / count for total in sums]
    found = means if plan.hp.is_classifier else [mean**0.5 for mean in means]
    return dict(zip((candidate.number for candidate in bank.candidates), found, strict=True))


def losses_of(plan: Plan, scores: Float64s, labels: Float32s) -> Float64s:
    """Return the cross entropies, or the squared errors, of scores (M, n) of rows with labels (n,)."""
    if plan.hp.is_classifier:
        return row_losses(scores, labels)
    with np.errstate(over="ignore", invalid="ignore"):  # of candidates that have diverged
        return np.asarray(np.square(scores - labels))


def record_epoch(plan: Plan, progress: Progress, losses: Losses, unseen: Losses | None) -> int:
    """Record what the epoch has brought, and keep what is best so far; return the number of the leading candidate."""
    deciding = losses if unseen is None else unseen
    for number in progress.active:
        fortune = progress.fortunes[number]
        fortune.train_losses.append(losses[number])
        if unseen is not None:
            fortune.validation_losses.append(unseen[number])
        if fortune.record(deciding[number], progress.epoch) or unseen is None:
            progress.best[number] = progress.bank.parameters(number)
    progress.epoch += 1
    return min(progress.active, key=lambda number: np.nan_to_num(deciding[number], nan=np.inf))


def log_epoch(plan: Plan, progress: Progress, tally: EpochTally, seconds: float) -> None:
    """Log the metrics of the leading candidate, from its tally, how far training has come, and how fast it is."""
    log, epoch = plan.work.log, progress.epoch - 1
    log_metrics(log, tally_metrics(*tally, plan.hp), "train", epoch)
    best = min(fortune.best_loss for fortune in progress.fortunes.values())
    log.log_criterion(epoch, plan.hp.objective, best)
    stops = is_over(plan, progress)
    log.log_progress(100 * progress.epoch / plan.hp.epochs, stopped_early=stops)
    log.log_throughput(tally.rows / seconds)
    log.show_progress(progress.epoch, plan.hp.epochs, 0, plan.rows, plan.hp.objective, best)


def log_quality(plan: Plan, epoch: int, loss: float) -> None:
    """Log the loss of the leading candidate on the validation rows."""
    plan.work.log.log_quality(plan.hp.objective, loss, split="validation", kind="loss", epoch=epoch)


def stop_candidates(plan: Plan, progress: Progress) -> None:
    """Go on without the candidates that have not gained for long, or can no longer come near the best."""
    patience = plan.patience
    epochs_left = min(plan.hp.epochs - progress.epoch, EPOCHS_AHEAD)
    best = min(fortune.best_loss for fortune in progress.fortunes.values())
    going = [
        number
        for number in progress.active
        if progress.fortunes[number].idle < patience
        and progress.fortunes[number].can_reach(best, epochs_left, plan.pace_epochs)
    ]
    if going and len(going) < len(progress.active):
        stopped = sorted({*progress.active} - {*going})
        plan.work.log.info(f"Epoch {progress.epoch - 1}: no gain for long, or too far from the best: stopped {stopped}")
        progress.bank.keep(going)
