"""Train: read the channels, train the bank, choose the best candidate, calibrate its threshold and score it."""

import json
import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from linear_learner.bank.bank import StopCheck, never_stop
from linear_learner.bank.class_weights import build_objective
from linear_learner.bank.sliced import SlicedBank
from linear_learner.measuring.final import Measurement, build_model, calibrate_model, compute_metrics, objective_name
from linear_learner.measuring.standings import Standings, evaluate_candidates, least_finite, threshold_criterion
from linear_learner.measuring.thresholds import best_candidate
from linear_learner.objective.model import LinearModel
from linear_learner.options.budget import Budget, check_tensor_sizes
from linear_learner.options.candidates import Candidate, build_candidates
from linear_learner.options.hyperparameters import (
    Hyperparameters,
    final_configuration,
    ignored_names,
    parse_hyperparameters,
)
from linear_learner.training.checkpoints import (
    Identity,
    job_identity,
    resume_from_checkpoint,
    write_checkpoint,
)
from linear_learner.training.initial import draw_initial_weights, earlier_weights
from linear_learner.training.labels import check_labels_vary
from linear_learner.training.log_lines import iterator_counts, log_losses, log_rows_read, log_scores, log_times
from linear_learner.training.progress import TrainingProgress
from linear_learner.training.reading import read_scored_channel, read_train_channel
from linear_learner.training.result import ResultCallback, TrainingResult, ignore_result
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.job.listener import TrainingListener
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.rows.kept import PIECES_IN_MEMORY, ChannelRows, Prefetch, StreamedRows, TimeLimitedRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.training.checkpoints import CheckpointStore
from open_algorithms.learning.training.stopping import EarlyStopping
from open_algorithms.learning.types.arrays import Floats

LapCallback = Callable[[str], None]
STOPPED_CHANNEL_SECONDS = 1.0  # seconds for each look at a channel, where a job is stopped
MEMORY_SHARES = {
    "train": 1.0,
    "validation": 0.25,
    "test": 0.1,
}  # of the memory for data, kept free for the later channels


def ignore_lap(part: str) -> None:
    """Ignore the event."""


def fit_model(
    hyperparameters: Mapping[str, str],
    channels: Mapping[str, Iterable[Block]],
    log: TrainingListener,
    budget: Budget | None = None,
    prefetch: Prefetch = iter,
    raise_if_stopped: StopCheck = never_stop,
    checkpoints: CheckpointStore | None = None,
    earlier_model: LinearModel | None = None,
    on_lap: LapCallback = ignore_lap,
    processors: int = 1,
    hosts: Hosts = SINGLE_HOST,
    sharded: Collection[str] = (),
    on_result: ResultCallback = ignore_result,
) -> LinearModel:
    """Train on the channel `train`, select on `validation` if there is one, and score on every channel.

    `prefetch` runs an iterator in the background, ahead of its consumer. `check_stop` is called often and raises
    KeyboardInterrupt to stop: the best model so far is returned, or the interrupt raised again where there is none yet.
    `checkpoints` stores the state after every epoch; a later job with the same identity resumes from it. All
    candidates start from `earlier_model`, if it is given. `on_lap` is called with the name of each part of the work
    when it ends. `processors` bounds the threads of large products. With several `hosts`, each calls this function:
    with its own shard of the channels named in `sharded`, and with all rows of the others, of which it takes its
    share. All hosts return the same model, and what is logged holds for all. `on_result` receives the result. Raises
    InputError for errors that the user can correct.
    """
    began = time.time()
    hp = parse_hyperparameters(hyperparameters)
    log.info(f"Final configuration: {final_configuration(hyperparameters)}")
    for name in ignored_names(hyperparameters, hp):
        log.warning(f"{name} has no effect on this job: it goes with other hyperparameters than these.")
    if hosts.count > 1:
        log.info(
            f"{hosts.count} hosts train together: a mini-batch has {hp.mini_batch_size} rows of each, "
            f"{hosts.count * hp.mini_batch_size} in all."
        )
        hp = replace(hp, mini_batch_size=hosts.count * hp.mini_batch_size)
    budget = budget or Budget()
    data = read_channels(channels, hp, budget, prefetch, log, hosts, sharded)
    train, validation = data["train"], data.get("validation")
    on_lap("read")
    unknown = check_labels_vary(data, hp, hosts, log)
    rows = {name: total_row_count(channel, hosts) for name, channel in data.items()}
    log_rows_read(rows["train"].least, began, log)
    deciding = "train" if validation is None else "validation"
    read = time.time()
    settings = build_candidates(hp, rows=rows["train"].most, has_validation=validation is not None)
    check_tensor_sizes(
        len(settings), hp.outputs, train.feature_dim, min(hp.mini_batch_size // hosts.count, train.row_count)
    )
    objective = build_objective(hp, train.rows.labels, len(settings), hosts)
    first = initial_weights(settings, train, hp, earlier_model, hosts)
    bank = SlicedBank(
        settings,
        first,
        objective,
        hp.mini_batch_size,
        is_sparse=isinstance(train.rows, SparseRows),
        processors=processors,
        hosts=hosts,
    )
    if train.scaler.is_label_blurred:
        log.warning(
            "The labels are large beside their spread: of them, and of scores, float32 does not keep the digits that "
            "vary. Subtract their offset."
        )
    if earlier_model is not None:
        log.info("All candidates start from the model of the channel 'model'.")
    log.info(
        f"Training {len(settings)} candidates on {rows['train']} rows of {train.feature_dim} features, "
        f"selecting on {rows[deciding]} {deciding} rows"
    )
    judged = -int(hosts.all_reduce_max(-budget.calibration_rows(hp)))
    by_score = threshold_criterion(hp) is not None
    if by_score and judged < min(hp.num_calibration_samples, rows[deciding].most):
        log.info(f"Thresholds are calibrated on the first {judged} rows: more would not fit the memory.")
    course = TrainingProgress(
        bank,
        EarlyStopping(hp.early_stopping_patience, hp.early_stopping_tolerance, by_score and validation is not None),
        np.random.default_rng(hp.seed) if hp.shuffle else None,
    )
    save = None
    if hosts.all_reduce_max(checkpoints is not None):
        save = resume_or_start(
            course, job_identity(hp, settings, first, data, hosts), checkpoints, data, raise_if_stopped, log, hosts
        )
    del bank, first
    on_lap("prepare")
    ready = time.time()

    def conclude_on(data: Mapping[str, ChannelRows | TimeLimitedRows], raise_if_stopped: StopCheck) -> TrainingResult:
        return conclude_training(
            course, data, settings, hp, judged, objective.reported_weights, raise_if_stopped, log, on_lap, hosts
        )

    try:
        run_epochs(course, data, unknown, hp, judged, rows["train"].most, raise_if_stopped, save, log, on_lap, hosts)
        trained = time.time()
        account = conclude_on(data, raise_if_stopped)
    except KeyboardInterrupt:
        if not course.bank.updates:
            raise
        on_lap("stopped")
        trained = time.time()
        what = (
            f"the best of {course.epoch} epochs"
            if course.best_snapshot is not None
            else "what the first epoch has come to"
        )
        log.warning(f"Told to stop: the model is {what}.")
        account = conclude_on(
            {
                name: TimeLimitedRows(rows.head_rows, rows.scaler, STOPPED_CHANNEL_SECONDS)
                for name, rows in data.items()
            },
            never_stop,
        )
    ended = time.time()
    log_times(
        {
            "initialize.time": [ready - began],
            "setuptime": [ready - read],
            "update.time": course.update_seconds,
            "check_early_stopping.time": course.check_seconds,
            "finalize.time": [ended - trained],
            "totaltime": [ended - began],
        },
        hp.epochs,
        began,
        ended,
        log,
    )
    on_result(account)
    return account.model


def read_channels(
    channels: Mapping[str, Iterable[Block]],
    hp: Hyperparameters,
    budget: Budget,
    prefetch: Prefetch,
    log: TrainingListener,
    hosts: Hosts,
    sharded: Collection[str],
) -> dict[str, ChannelRows]:
    """Read the channels in order; each may use its share of the memory that those before it left."""
    names = [name for name in MEMORY_SHARES if name in channels]
    data: dict[str, ChannelRows] = {}
    share = 1 - sum(MEMORY_SHARES[name] for name in names[1:])
    train, room = read_train_channel(
        channels["train"], hp, budget, prefetch, share=share, hosts=hosts, sharded="train" in sharded
    )
    data["train"] = train
    for name in names[1:]:
        room -= list(data.values())[-1].held_bytes
        later = sum(MEMORY_SHARES[other] for other in names[names.index(name) + 1 :])
        own = int(room * (1 - later))
        data[name] = read_scored_channel(
            channels[name], name, hp, train, own, prefetch, hosts=hosts, sharded=name in sharded
        )
    for name, rows in data.items():
        log.info(f"The channel {name!r} {describe_storage(rows)}.")
    return data


def describe_storage(data: ChannelRows) -> str:
    """Describe where a channel's rows are kept."""
    if isinstance(data, StreamedRows):
        return (
            f"is larger than the {data.held_bytes / 2**20:.0f} MiB that there are for it: it is read anew for "
            "every pass, "
            f"{data.held_bytes // PIECES_IN_MEMORY / 2**20:.1f} MiB at a time"
        )
    return f"is held in memory: {data.row_count} rows, {data.held_bytes / 2**20:.1f} MiB"


@dataclass(frozen=True)
class RowCount:
    """A row count known to lie between `least` and `most`; a stream that was not read to its end has no upper bound."""

    least: int
    most: float

    def __str__(self) -> str:
        return str(self.least) if self.least == self.most else f"more than {self.least}"


def total_row_count(data: ChannelRows, hosts: Hosts) -> RowCount:
    """Return the row count of a channel over all hosts."""
    rows, streams = hosts.all_reduce([data.row_count, isinstance(data, StreamedRows)])
    return RowCount(int(rows), math.inf if streams else int(rows))


def initial_weights(
    candidates: list[Candidate], train: ChannelRows, hp: Hyperparameters, earlier: LinearModel | None, hosts: Hosts
) -> Floats:
    """Return the initial weights (M, K, d + 1): drawn at random, or those of the earlier model on host 0.

    A feature that is 0 in every standardised row is never updated, so its weight starts at 0: any other would become a
    large raw weight, with a bias that cancels it.
    """
    if earlier is not None:
        return hosts.broadcast(earlier_weights(len(candidates), earlier, hp, train.scaler))
    weights = draw_initial_weights(
        range(len(candidates)),
        hp.outputs,
        train.feature_dim,
        seed=hp.seed,
        method=hp.init_method,
        spread=hp.init_scale if hp.init_method == "uniform" else hp.init_sigma,
        bias=hp.init_bias if hp.use_bias else 0.0,
    )
    weights[:, :, :-1][:, :, hosts.all_reduce(train.rows.varying_features()) == 0] = 0
    return weights


def resume_or_start(
    progress: TrainingProgress,
    own: Identity,
    store: CheckpointStore | None,
    data: Mapping[str, ChannelRows],
    raise_if_stopped: StopCheck,
    log: TrainingListener,
    hosts: Hosts,
) -> Callable[[], None]:
    """Resume from a checkpoint of the same job, if there is one; return a function that writes the next one.

    Host 0 has the checkpoint and broadcasts its state.
    """
    resumed = store is not None and resume_from_checkpoint(progress, own, store, log)
    if hosts.broadcast(np.array([float(resumed)]))[0]:
        if hosts.count > 1:
            progress.broadcast_state(hosts)
        for rows in data.values():
            rows.abandon_first_pass()
    return lambda: None if store is None else write_checkpoint(progress, own, store, raise_if_stopped)


def run_epochs(
    progress: TrainingProgress,
    data: Mapping[str, ChannelRows],
    unchecked: dict[str, ChannelRows],
    hp: Hyperparameters,
    calibration_rows: int,
    total_rows: float,
    raise_if_stopped: StopCheck,
    write_next_checkpoint: Callable[[], None] | None,
    log: TrainingListener,
    on_lap: LapCallback,
    hosts: Hosts,
) -> None:
    """Train epoch by epoch until early stopping, and write a checkpoint after each.

    `total_rows` is the row count of the train channel, infinite until it is known. The labels of `unchecked` channels
    are checked once all have been seen. The listener is shown the position within the epoch between updates.
    """
    train, validation = data["train"], data.get("validation")
    objective, stopping = objective_name(hp), progress.stopping
    by_score = validation is not None and threshold_criterion(hp) is not None
    criterion_name = f"sampled_{hp.binary_classifier_model_selection_criteria}" if by_score else objective
    while progress.epoch < hp.epochs and not stopping.is_over:
        epoch, started = progress.epoch, time.time()
        tell = progress_callback(progress, hp.epochs, total_rows, criterion_name, raise_if_stopped, log)
        losses, count = train_one_epoch(progress.bank, train, epoch_shuffler(progress, hp, hosts), tell, hosts)
        trained, total_rows = time.time(), count
        on_lap("train")
        log_losses("train", objective, progress.active, losses, epoch, started, trained, log)
        value, standings = least_finite(losses), None
        if validation is not None:
            standings = evaluate_candidates(progress.bank, validation, hp, calibration_rows, raise_if_stopped, hosts)
            judged_by = time.time()
            log_losses("validation", objective, progress.active, standings.losses, epoch, trained, judged_by, log)
            value = standings.best_value
        unchecked = check_labels_vary(unchecked, hp, hosts, log)
        log.log_criterion(epoch, criterion_name, value)
        if stopping.record_value(value):
            log.info(f"Epoch {epoch}: Loss improved. Updating best model")
        if value == stopping.optimum:
            progress.best_snapshot, progress.best_epoch, progress.standings = (
                progress.bank.take_snapshot(),
                epoch,
                standings,
            )
        progress.record_epoch(losses, standings)
        progress.epoch += 1
        if stopping.is_over:
            log.info("Early stop condition met. Stopping training.")
        log.log_progress(100 * progress.epoch / hp.epochs, stopped_early=stopping.is_over)
        log.log_metrics(
            iterator_counts(epoch + 1, count, -(-count // hp.mini_batch_size)),
            start=started,
            end=trained,
            epoch=epoch,
            meta="training_data_iter",
        )
        log.log_throughput(count / (trained - started))
        if standings is not None and not standings.maximise and not stopping.is_over:
            prune_and_log(progress, standings, hp.epochs - progress.epoch, count * hp.outputs, log)
        progress.update_seconds.append(trained - started)
        progress.check_seconds.append(time.time() - trained)
        on_lap("validate")
        with hosts.stopping_together():
            if write_next_checkpoint is not None:
                write_next_checkpoint()
                on_lap("checkpoint")
            raise_if_stopped()
    log.show_progress(progress.epoch, progress.epoch, 0, total_rows, criterion_name, stopping.optimum)


def progress_callback(
    progress: TrainingProgress,
    epochs: int,
    total_rows: float,
    criterion_name: str,
    raise_if_stopped: StopCheck,
    log: TrainingListener,
) -> StopCheck:
    """Show the start of an epoch; return a callback that shows the position within it and calls `check_stop`."""
    epoch, seen, best = progress.epoch, progress.bank.rows_seen, progress.stopping.optimum
    log.show_progress(epoch, epochs, 0, total_rows, criterion_name, best)

    def show_and_check() -> None:
        log.show_progress(
            epoch, epochs, min(progress.bank.rows_seen - seen, total_rows), total_rows, criterion_name, best
        )
        raise_if_stopped()

    return show_and_check


def prune_and_log(
    progress: TrainingProgress, standings: Standings, epochs_left: int, margins: int, log: TrainingListener
) -> None:
    """Drop the candidates that can no longer win, and log which."""
    models = len(progress.active)
    if len(leaving := progress.prune_losers(standings.losses, epochs_left, margins)):
        log.info(
            f"{len(leaving)} of {models} candidates leave: their validation losses are further from the best than they "
            f"can still fall in {epochs_left} epochs: {', '.join(map(str, leaving))}."
        )


def epoch_shuffler(progress: TrainingProgress, hp: Hyperparameters, hosts: Hosts) -> np.random.Generator | None:
    """Return the random generator that shuffles this host's rows in the coming epoch.

    Host 0's carries over from epoch to epoch and is in its checkpoint; the other hosts seed a new one by rank and
    epoch.
    """
    if progress.shuffler is None or hosts.rank == 0:
        return progress.shuffler
    return np.random.default_rng([hp.seed, hosts.rank, progress.epoch])


def train_one_epoch(
    bank: SlicedBank,
    train: ChannelRows,
    shuffler: np.random.Generator | None,
    raise_if_stopped: StopCheck,
    hosts: Hosts,
) -> tuple[Floats, int]:
    """Train on all rows once.

    Return each candidate's mean loss before its updates, (M,), and the row count over all hosts.
    """
    lost = bank.train_epoch(train.iterate_epoch(shuffler), raise_if_stopped)
    sums = hosts.broadcast(hosts.all_reduce([*lost, train.row_count]))
    return sums[:-1] / sums[-1], int(sums[-1])


def conclude_training(
    progress: TrainingProgress,
    data: Mapping[str, ChannelRows | TimeLimitedRows],
    candidates: list[Candidate],
    hp: Hyperparameters,
    calibration_rows: int,
    objective_weights: Floats | None,
    raise_if_stopped: StopCheck,
    log: TrainingListener,
    on_lap: LapCallback,
    hosts: Hosts,
) -> TrainingResult:
    """Turn the best candidate at the best epoch into a model, calibrate it, and score it on every channel."""
    name = "validation" if "validation" in data else "train"
    deciding = data[name]
    standings = best_standings(progress, deciding, hp, calibration_rows, raise_if_stopped, hosts)
    best = choose_candidate(progress, standings, candidates, log)
    weights = progress.bank.take_snapshot() if progress.best_snapshot is None else progress.best_snapshot
    model = build_model(hosts.broadcast(weights[best]), hp, deciding.scaler, objective_weights)
    model = calibrate_model(
        model, check_between_blocks(deciding.raw_blocks(), raise_if_stopped), hp, log, calibration_rows, hosts
    )
    on_lap("choose")

    measured: dict[str, Measurement] = {}

    def score_channel(name: str) -> None:
        rows = data[name]
        measured[name] = compute_metrics(
            model, check_between_blocks(rows.raw_blocks(), raise_if_stopped), hp, objective_weights, hosts
        )
        log_scores(name, measured[name].scores, log)
        if isinstance(rows, TimeLimitedRows):
            seen = int(hosts.all_reduce([rows.rows_seen])[0])
            log.info(f"These scores of the channel {name!r} are those of its first {seen} rows.")

    for channel in data:
        if channel != "test":
            score_channel(channel)
    winner = int(progress.active[best])
    log.info(f"Best model found for hyperparameters: {json.dumps(candidates[winner].logged_settings())}")
    if "test" in data:
        score_channel("test")
    else:
        log.info("Test data is not provided.")
    on_lap("score")
    return TrainingResult(
        model,
        hp,
        candidates,
        progress,
        standings,
        winner,
        name,
        deciding.scaler,
        progress.bank.is_sparse,
        measured,
        isinstance(deciding, TimeLimitedRows),
        hosts.count,
    )


def check_between_blocks(blocks: Iterator[Block], raise_if_stopped: StopCheck) -> Iterator[Block]:
    """Yield the blocks; call `check_stop`, which may raise, before each."""
    for block in blocks:
        raise_if_stopped()
        yield block


def best_standings(
    progress: TrainingProgress,
    deciding: ChannelRows | TimeLimitedRows,
    hp: Hyperparameters,
    calibration_rows: int,
    raise_if_stopped: StopCheck,
    hosts: Hosts,
) -> Standings:
    """Return the standings of the active candidates at the best epoch on the deciding rows.

    Raises InputError where every candidate has diverged.
    """
    if progress.epoch and progress.best_snapshot is None:
        raise InputError(
            "Every candidate diverged: no loss stayed finite. Lower learning_rate, or leave it to auto, and look for "
            "extreme values in the data."
        )
    if progress.standings is not None:
        return progress.standings
    if progress.best_snapshot is not None:
        progress.bank.restore_snapshot(progress.best_snapshot)
    return evaluate_candidates(progress.bank, deciding, hp, calibration_rows, raise_if_stopped, hosts)


def choose_candidate(
    progress: TrainingProgress, standings: Standings, candidates: list[Candidate], log: TrainingListener
) -> int:
    """Return the index, among the active candidates, of the best one.

    Candidates whose loss is not finite have diverged: they are logged and left out. Raises InputError where all have.
    """
    for m in progress.active[~np.isfinite(standings.losses)]:
        log.warning(f"Candidate {m} diverged and was left out: {json.dumps(candidates[m].logged_settings())}")
    best = best_candidate(standings.values, standings.losses, maximise=standings.maximise)
    if best is None:
        raise InputError(
            "Every candidate's loss on the rows that decide is infinite. Lower learning_rate, or leave it to auto; "
            "look for extreme values in the data, and see that every channel is scaled alike."
        )
    return best
