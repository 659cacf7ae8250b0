"""Train: read the channels, train the bank, choose the best candidate, calibrate its threshold and score it."""

import json
import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.bank.class_weights import class_weights
from linear_learner.bank.dense import Heed, unheeding
from linear_learner.bank.sliced import Banks
from linear_learner.measuring.final import Measured, calibrated, folded, measure, objective_name
from linear_learner.measuring.standings import Standings, criterion, judge, least
from linear_learner.measuring.thresholds import choose
from linear_learner.objective.model import Model
from linear_learner.options.budget import Budget, check_tensors
from linear_learner.options.candidates import Candidate, candidates
from linear_learner.options.hyperparameters import Hyperparameters, configuration, ignored, parse
from linear_learner.training.checkpoints import Identity, Store, identity, resume, save
from linear_learner.training.initial import earlier_weights, start_weights
from linear_learner.training.labels import check_labels
from linear_learner.training.log_lines import iterator_counts, report_losses, report_rows, report_scores, report_times
from linear_learner.training.progress import Course
from linear_learner.training.reading import read_channel, read_train
from linear_learner.training.result import Account, Tell, untold
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.hosts import ALONE, Hosts
from open_algorithms.learning.job.listener import Log
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.rows.kept import PIECES, Ahead, Data, Glimpse, Streamed
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.training.stopping import EarlyStopping

Floats = NDArray[Any]
Lap = Callable[[str], None]
GLIMPSE = 1.0  # seconds for each look at a channel, where a job is stopped
SHARES = {"train": 1.0, "validation": 0.25, "test": 0.1}  # of the memory for data, kept free for the later channels


def unlapped(part: str) -> None:
    """Ignore the event."""


def fit(
    texts: Mapping[str, str],
    channels: Mapping[str, Iterable[Block]],
    log: Log,
    budget: Budget | None = None,
    ahead: Ahead = iter,
    heed: Heed = unheeding,
    store: Store | None = None,
    earlier: Model | None = None,
    lap: Lap = unlapped,
    processors: int = 1,
    hosts: Hosts = ALONE,
    sharded: Collection[str] = (),
    tell: Tell = untold,
) -> Model:
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
    hp = parse(texts)
    log.info(f"Final configuration: {configuration(texts)}")
    for name in ignored(texts, hp):
        log.warning(f"{name} has no effect on this job: it goes with other hyperparameters than these.")
    if hosts.count > 1:
        log.info(
            f"{hosts.count} hosts train together: a mini-batch has {hp.mini_batch_size} rows of each, "
            f"{hosts.count * hp.mini_batch_size} in all."
        )
        hp = replace(hp, mini_batch_size=hosts.count * hp.mini_batch_size)
    budget = budget or Budget()
    data = read_channels(channels, hp, budget, ahead, log, hosts, sharded)
    train, validation = data["train"], data.get("validation")
    lap("read")
    unknown = check_labels(data, hp, hosts, log)
    rows = {name: counted(channel, hosts) for name, channel in data.items()}
    report_rows(rows["train"].least, began, log)
    deciding = "train" if validation is None else "validation"
    read = time.time()
    settings = candidates(hp, rows=rows["train"].most, validated=validation is not None)
    check_tensors(len(settings), hp.outputs, train.features, min(hp.mini_batch_size // hosts.count, train.count))
    weights, objective_weights = class_weights(hp, train.rows.labels, len(settings), hosts)
    first = start(settings, train, hp, earlier, hosts)
    bank = Banks(
        settings,
        first,
        hp.loss,
        hp.mini_batch_size,
        sparse=isinstance(train.rows, SparseRows),
        loss_parameter=hp.loss_parameter,
        class_weights=weights,
        objective_weights=objective_weights,
        use_bias=hp.use_bias,
        processors=processors,
        hosts=hosts,
    )
    if train.scaler.blurs_label:
        log.warning(
            "The labels are large beside their spread: of them, and of scores, float32 does not keep the digits that "
            "vary. Subtract their offset."
        )
    if earlier is not None:
        log.info("All candidates start from the model of the channel 'model'.")
    log.info(
        f"Training {len(settings)} candidates on {rows['train']} rows of {train.features} features, "
        f"selecting on {rows[deciding]} {deciding} rows"
    )
    judged = -int(hosts.most(-budget.judged_rows(hp)))
    by_score = criterion(hp) is not None
    if by_score and judged < min(hp.num_calibration_samples, rows[deciding].most):
        log.info(f"Thresholds are calibrated on the first {judged} rows: more would not fit the memory.")
    course = Course(
        bank,
        EarlyStopping(hp.early_stopping_patience, hp.early_stopping_tolerance, by_score and validation is not None),
        np.random.default_rng(hp.seed) if hp.shuffle else None,
    )
    save = None
    if hosts.most(store is not None):
        save = kept(course, identity(hp, settings, first, data, hosts), store, data, heed, log, hosts)
    del bank, first
    lap("prepare")
    ready = time.time()

    def conclude(data: Mapping[str, Data | Glimpse], heed: Heed) -> Account:
        return concluded(course, data, settings, hp, judged, objective_weights, heed, log, lap, hosts)

    try:
        run_epochs(course, data, unknown, hp, judged, rows["train"].most, heed, save, log, lap, hosts)
        trained = time.time()
        account = conclude(data, heed)
    except KeyboardInterrupt:
        if not course.bank.updates:
            raise
        lap("stopped")
        trained = time.time()
        what = f"the best of {course.epoch} epochs" if course.best is not None else "what the first epoch has come to"
        log.warning(f"Told to stop: the model is {what}.")
        account = conclude({name: Glimpse(rows.head, rows.scaler, GLIMPSE) for name, rows in data.items()}, unheeding)
    ended = time.time()
    report_times(
        {
            "initialize.time": [ready - began],
            "setuptime": [ready - read],
            "update.time": course.updating,
            "check_early_stopping.time": course.checking,
            "finalize.time": [ended - trained],
            "totaltime": [ended - began],
        },
        hp.epochs,
        began,
        ended,
        log,
    )
    tell(account)
    return account.model


def read_channels(
    channels: Mapping[str, Iterable[Block]],
    hp: Hyperparameters,
    budget: Budget,
    ahead: Ahead,
    log: Log,
    hosts: Hosts,
    sharded: Collection[str],
) -> dict[str, Data]:
    """Read the channels in order; each may use its share of the memory that those before it left."""
    names = [name for name in SHARES if name in channels]
    data: dict[str, Data] = {}
    share = 1 - sum(SHARES[name] for name in names[1:])
    train, room = read_train(channels["train"], hp, budget, ahead, share=share, hosts=hosts, sharded="train" in sharded)
    data["train"] = train
    for name in names[1:]:
        room -= list(data.values())[-1].held_bytes
        later = sum(SHARES[other] for other in names[names.index(name) + 1 :])
        own = int(room * (1 - later))
        data[name] = read_channel(channels[name], name, hp, train, own, ahead, hosts=hosts, sharded=name in sharded)
    for name, rows in data.items():
        log.info(f"The channel {name!r} {described(rows)}.")
    return data


def described(data: Data) -> str:
    """Describe where a channel's rows are kept."""
    if isinstance(data, Streamed):
        return (
            f"is larger than the {data.room / 2**20:.0f} MiB that there are for it: it is read anew for every pass, "
            f"{data.room // PIECES / 2**20:.1f} MiB at a time"
        )
    return f"is held in memory: {data.count} rows, {data.held_bytes / 2**20:.1f} MiB"


@dataclass(frozen=True)
class Count:
    """A row count known to lie between `least` and `most`; a stream that was not read to its end has no upper bound."""

    least: int
    most: float

    def __str__(self) -> str:
        return str(self.least) if self.least == self.most else f"more than {self.least}"


def counted(data: Data, hosts: Hosts) -> Count:
    """Return the row count of a channel over all hosts."""
    rows, streams = hosts.total([data.count, isinstance(data, Streamed)])
    return Count(int(rows), math.inf if streams else int(rows))


def start(settings: list[Candidate], train: Data, hp: Hyperparameters, earlier: Model | None, hosts: Hosts) -> Floats:
    """Return the initial weights (M, K, d + 1): drawn at random, or those of the earlier model on host 0.

    A feature that is 0 in every standardised row is never updated, so its weight starts at 0: any other would become a
    large raw weight, with a bias that cancels it.
    """
    if earlier is not None:
        return hosts.told(earlier_weights(len(settings), earlier, hp, train.scaler))
    weights = start_weights(
        range(len(settings)),
        hp.outputs,
        train.features,
        seed=hp.seed,
        method=hp.init_method,
        spread=hp.init_scale if hp.init_method == "uniform" else hp.init_sigma,
        bias=hp.init_bias if hp.use_bias else 0.0,
    )
    weights[:, :, :-1][:, :, hosts.total(train.rows.varying()) == 0] = 0
    return weights


def kept(
    course: Course,
    mine: Identity,
    store: Store | None,
    data: Mapping[str, Data],
    heed: Heed,
    log: Log,
    hosts: Hosts,
) -> Callable[[], None]:
    """Resume from a checkpoint of the same job, if there is one; return a function that writes the next one.

    Host 0 has the checkpoint and broadcasts its state.
    """
    resumed = store is not None and resume(course, mine, store, log)
    if hosts.told(np.array([float(resumed)]))[0]:
        if hosts.count > 1:
            course.tell(hosts)
        for rows in data.values():
            rows.rewind()
    return lambda: None if store is None else save(course, mine, store, heed)


def run_epochs(
    course: Course,
    data: Mapping[str, Data],
    unknown: dict[str, Data],
    hp: Hyperparameters,
    judged: int,
    total: float,
    heed: Heed,
    save: Callable[[], None] | None,
    log: Log,
    lap: Lap,
    hosts: Hosts,
) -> None:
    """Train epoch by epoch until early stopping, and write a checkpoint after each.

    `total_rows` is the row count of the train channel, infinite until it is known. The labels of `unchecked` channels
    are checked once all have been seen. The listener is shown the position within the epoch between updates.
    """
    train, validation = data["train"], data.get("validation")
    objective, stopping = objective_name(hp), course.stopping
    by_score = validation is not None and criterion(hp) is not None
    criterion_name = f"sampled_{hp.binary_classifier_model_selection_criteria}" if by_score else objective
    while course.epoch < hp.epochs and not stopping.over:
        epoch, started = course.epoch, time.time()
        tell = telling(course, hp.epochs, total, criterion_name, heed, log)
        losses, count = train_epoch(course.bank, train, shuffler(course, hp, hosts), tell, hosts)
        trained, total = time.time(), count
        lap("train")
        report_losses("train", objective, course.members, losses, epoch, started, trained, log)
        value, standings = least(losses), None
        if validation is not None:
            standings = judge(course.bank, validation, hp, judged, heed, hosts)
            judged_by = time.time()
            report_losses("validation", objective, course.members, standings.losses, epoch, trained, judged_by, log)
            value = standings.best
        unknown = check_labels(unknown, hp, hosts, log)
        log.criterion(epoch, criterion_name, value)
        if stopping.improved(value):
            log.info(f"Epoch {epoch}: Loss improved. Updating best model")
        if value == stopping.optimum:
            course.best, course.best_epoch, course.standings = course.bank.snapshot(), epoch, standings
        course.remember(losses, standings)
        course.epoch += 1
        if stopping.over:
            log.info("Early stop condition met. Stopping training.")
        log.progress(100 * course.epoch / hp.epochs, stopped_early=stopping.over)
        log.metrics(
            iterator_counts(epoch + 1, count, -(-count // hp.mini_batch_size)),
            start=started,
            end=trained,
            epoch=epoch,
            meta="training_data_iter",
        )
        log.throughput(count / (trained - started))
        if standings is not None and not standings.maximise and not stopping.over:
            prune(course, standings, hp.epochs - course.epoch, count * hp.outputs, log)
        course.updating.append(trained - started)
        course.checking.append(time.time() - trained)
        lap("validate")
        with hosts.stopping_together():
            if save is not None:
                save()
                lap("checkpoint")
            heed()
    log.advance(course.epoch, course.epoch, 0, total, criterion_name, stopping.optimum)


def telling(course: Course, epochs: int, total: float, name: str, heed: Heed, log: Log) -> Heed:
    """Show the start of an epoch; return a callback that shows the position within it and calls `check_stop`."""
    epoch, seen, best = course.epoch, course.bank.seen, course.stopping.optimum
    log.advance(epoch, epochs, 0, total, name, best)

    def tell() -> None:
        log.advance(epoch, epochs, min(course.bank.seen - seen, total), total, name, best)
        heed()

    return tell


def prune(course: Course, standings: Standings, left: int, margins: int, log: Log) -> None:
    """Drop the candidates that can no longer win, and log which."""
    models = len(course.members)
    if len(leaving := course.prune(standings.losses, left, margins)):
        log.info(
            f"{len(leaving)} of {models} candidates leave: their validation losses are further from the best than they "
            f"can still fall in {left} epochs: {', '.join(map(str, leaving))}."
        )


def shuffler(course: Course, hp: Hyperparameters, hosts: Hosts) -> np.random.Generator | None:
    """Return the random generator that shuffles this host's rows in the coming epoch.

    Host 0's carries over from epoch to epoch and is in its checkpoint; the other hosts seed a new one by rank and
    epoch.
    """
    if course.shuffler is None or hosts.rank == 0:
        return course.shuffler
    return np.random.default_rng([hp.seed, hosts.rank, course.epoch])


def train_epoch(
    bank: Banks, train: Data, shuffler: np.random.Generator | None, heed: Heed, hosts: Hosts
) -> tuple[Floats, int]:
    """Train on all rows once.

    Return each candidate's mean loss before its updates, (M,), and the row count over all hosts.
    """
    lost = bank.train_epoch(train.epoch(shuffler), heed)
    sums = hosts.told(hosts.total([*lost, train.count]))
    return sums[:-1] / sums[-1], int(sums[-1])


def concluded(
    course: Course,
    data: Mapping[str, Data | Glimpse],
    settings: list[Candidate],
    hp: Hyperparameters,
    judged: int,
    objective_weights: Floats | None,
    heed: Heed,
    log: Log,
    lap: Lap,
    hosts: Hosts,
) -> Account:
    """Turn the best candidate at the best epoch into a model, calibrate it, and score it on every channel."""
    name = "validation" if "validation" in data else "train"
    deciding = data[name]
    standings = stand(course, deciding, hp, judged, heed, hosts)
    best = choose_candidate(course, standings, settings, log)
    weights = course.bank.snapshot() if course.best is None else course.best
    model = folded(hosts.told(weights[best]), hp, deciding.scaler, objective_weights)
    model = calibrated(model, heeding(deciding.raw(), heed), hp, log, judged, hosts)
    lap("choose")

    measured: dict[str, Measured] = {}

    def score(name: str) -> None:
        rows = data[name]
        measured[name] = measure(model, heeding(rows.raw(), heed), hp, objective_weights, hosts)
        report_scores(name, measured[name].scores, log)
        if isinstance(rows, Glimpse):
            seen = int(hosts.total([rows.seen])[0])
            log.info(f"These scores of the channel {name!r} are those of its first {seen} rows.")

    for channel in data:
        if channel != "test":
            score(channel)
    winner = int(course.members[best])
    log.info(f"Best model found for hyperparameters: {json.dumps(settings[winner].settings())}")
    if "test" in data:
        score("test")
    else:
        log.info("Test data is not provided.")
    lap("score")
    return Account(
        model,
        hp,
        settings,
        course,
        standings,
        winner,
        name,
        deciding.scaler,
        course.bank.settings["sparse"],
        measured,
        isinstance(deciding, Glimpse),
        hosts.count,
    )


def heeding(blocks: Iterator[Block], heed: Heed) -> Iterator[Block]:
    """Yield the blocks; call `check_stop`, which may raise, before each."""
    for block in blocks:
        heed()
        yield block


def stand(
    course: Course, deciding: Data | Glimpse, hp: Hyperparameters, judged: int, heed: Heed, hosts: Hosts
) -> Standings:
    """Return the standings of the active candidates at the best epoch on the deciding rows.

    Raises InputError where every candidate has diverged.
    """
    if course.epoch and course.best is None:
        raise InputError(
            "Every candidate diverged: no loss stayed finite. Lower learning_rate, or leave it to auto, and look for "
            "extreme values in the data."
        )
    if course.standings is not None:
        return course.standings
    if course.best is not None:
        course.bank.restore(course.best)
    return judge(course.bank, deciding, hp, judged, heed, hosts)


def choose_candidate(course: Course, standings: Standings, settings: list[Candidate], log: Log) -> int:
    """Return the index, among the active candidates, of the best one.

    Candidates whose loss is not finite have diverged: they are logged and left out. Raises InputError where all have.
    """
    for m in course.members[~np.isfinite(standings.losses)]:
        log.warning(f"Candidate {m} diverged and was left out: {json.dumps(settings[m].settings())}")
    best = choose(standings.values, standings.losses, maximise=standings.maximise)
    if best is None:
        raise InputError(
            "Every candidate's loss on the rows that decide is infinite. Lower learning_rate, or leave it to auto; "
            "look for extreme values in the data, and see that every channel is scaled alike."
        )
    return best
