"""Train: read, standardise, train the bank, choose the best candidate, calibrate it, score it."""

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.bank import LARGEST_TENSOR, bank_bytes, start_weights
from linear_learner.banks import Banks
from linear_learner.batches import Block, Rows, epoch_order
from linear_learner.candidates import Candidate, candidates, model_count
from linear_learner.errors import InputError
from linear_learner.hyperparameters import Hyperparameters, configuration, ignored, parse
from linear_learner.judging import criterion, judge, least
from linear_learner.metrics import Metric
from linear_learner.model import Model
from linear_learner.reading import read_channel, read_train
from linear_learner.report import Log, Summary
from linear_learner.scaling import Scaler
from linear_learner.scoring import calibrated, final_scores, folded, objective_name
from linear_learner.selection import choose
from linear_learner.stopping import EarlyStopping
from linear_learner.weighting import class_weights

Floats = NDArray[Any]


def fit(
    texts: Mapping[str, str], channels: Mapping[str, Iterable[Block]], log: Log, memory: int | None = None
) -> Model:
    """Train on the channel `train`, select on `validation` if there is one, score on all that there are.

    `memory` is the most bytes that the process may hold. Raises InputError for what the user can mend.
    """
    began = time.time()
    hp = parse(texts)
    log.info(f"Final configuration: {configuration(texts)}")
    for name in ignored(texts, hp):
        log.warning(f"{name} has no effect on this job: it goes with other hyperparameters than these.")
    train, scaler = read_train(channels["train"], hp)
    validation = read_channel(channels["validation"], "validation", hp, scaler) if "validation" in channels else None
    test = read_channel(channels["test"], "test", hp, scaler) if "test" in channels else None
    report_rows(train, began, log)
    deciding = train if validation is None else validation
    read = time.time()
    check_memory(train, deciding, sum(rows.X.nbytes for rows in (train, validation, test) if rows), hp, memory)
    settings = candidates(hp, rows=len(train), validated=validation is not None)
    weights, objective_weights = class_weights(hp, train.y[:-1, 0], len(settings))
    bank = Banks(
        settings,
        start(settings, train, hp),
        hp.loss,
        hp.mini_batch_size,
        loss_parameter=hp.loss_parameter,
        class_weights=weights,
        objective_weights=objective_weights,
        use_bias=hp.use_bias,
    )
    log.info(
        f"Training {len(settings)} candidates on {len(train)} rows of {train.features} features, "
        f"selecting on {len(deciding)} {'train' if validation is None else 'validation'} rows"
    )
    ready = time.time()
    updating, checking = run_epochs(bank, train, validation, hp, scaler, log)
    trained = time.time()
    best = choose_candidate(bank, deciding, settings, hp, scaler, log)
    model = folded(bank.snapshot()[best], hp, scaler, objective_weights)
    model = calibrated(model, deciding, hp, scaler, log)
    report_scores("train", final_scores(model, train.raw(scaler), hp, objective_weights), log)
    if validation is not None:
        report_scores("validation", final_scores(model, validation.raw(scaler), hp, objective_weights), log)
    log.info(f"Best model found for hyperparameters: {json.dumps(settings[best].settings())}")
    if test is None:
        log.info("Test data is not provided.")
    else:
        report_scores("test", final_scores(model, test.raw(scaler), hp, objective_weights), log)
    ended = time.time()
    report_times(
        {
            "initialize.time": [ready - began],
            "setuptime": [ready - read],
            "update.time": updating,
            "check_early_stopping.time": checking,
            "finalize.time": [ended - trained],
            "totaltime": [ended - began],
        },
        hp.epochs,
        began,
        ended,
        log,
    )
    return model


def start(settings: list[Candidate], train: Rows, hp: Hyperparameters) -> Floats:
    """Draw the weights that the candidates start from.

    A feature that is 0 in every standardised row is never learned, so its weight starts, and stays, at 0: folded, any
    other would be a large raw weight and a bias that cancels it.
    """
    weights = start_weights(
        range(len(settings)),
        hp.outputs,
        train.features,
        seed=hp.seed,
        method=hp.init_method,
        spread=hp.init_scale if hp.init_method == "uniform" else hp.init_sigma,
        bias=hp.init_bias if hp.use_bias else 0.0,
    )
    weights[:, :, :-1][:, :, ~train.X[:-1, :-1].any(axis=0)] = 0
    return weights


def check_memory(train: Rows, deciding: Rows, held: int, hp: Hyperparameters, memory: int | None) -> None:
    """Refuse a bank that does not fit beside the `held` bytes of data, before it is built."""
    models = model_count(hp)
    batch = min(hp.mini_batch_size, len(train))
    largest = max(models * hp.outputs * max(train.features + 1, batch), batch * (train.features + 1))
    if largest > LARGEST_TENSOR:
        raise InputError(
            f"{models} candidates of {hp.outputs} x {train.features} weights with mini-batches of {batch} rows need an "
            f"array of {largest} numbers; MXNet holds {LARGEST_TENSOR}. Lower num_models or mini_batch_size."
        )
    need = bank_bytes(models, hp.outputs, train.features, batch, len(deciding))
    if memory is not None and held + need > memory:
        raise InputError(
            f"{models} candidates of {hp.outputs} x {train.features} weights with mini-batches of "
            f"{batch} rows need about {need / 2**30:.2f} GiB beside the data's "
            f"{held / 2**30:.2f} GiB, more than the {memory / 2**30:.2f} GiB that there are. Lower num_models or "
            "mini_batch_size, or use a larger instance."
        )


def run_epochs(
    bank: Banks, train: Rows, validation: Rows | None, hp: Hyperparameters, scaler: Scaler, log: Log
) -> tuple[list[float], list[float]]:
    """Train epoch by epoch until early stopping and leave the bank at the best epoch.

    Return the seconds of each epoch's training and of its check.
    """
    objective = objective_name(hp)
    shuffler = np.random.default_rng(hp.seed) if hp.shuffle else None
    by_score = validation is not None and criterion(hp) is not None
    criterion_name = f"sampled_{hp.binary_classifier_model_selection_criteria}" if by_score else objective
    stopping = EarlyStopping(hp.early_stopping_patience, hp.early_stopping_tolerance, maximise=by_score)
    updating: list[float] = []
    checking: list[float] = []
    best = None
    for epoch in range(hp.epochs):
        started = time.time()
        losses = bank.train(train, epoch_order(len(train), shuffler)) / len(train)
        trained = time.time()
        report_losses("train", objective, losses, epoch, started, trained, log)
        value = least(losses)
        if validation is not None:
            standings = judge(bank, validation, hp, scaler)
            report_losses("validation", objective, standings.losses, epoch, trained, time.time(), log)
            value = standings.best
        log.criterion(epoch, criterion_name, value)
        if stopping.improved(value):
            log.info(f"Epoch {epoch}: Loss improved. Updating best model")
        if value == stopping.optimum:
            best = bank.snapshot()
        if stopping.over:
            log.info("Early stop condition met. Stopping training.")
        log.progress(100 * (epoch + 1) / hp.epochs, stopped_early=stopping.over)
        log.metrics(
            iterator_counts(epoch + 1, len(train), -(-len(train) // hp.mini_batch_size)),
            start=started,
            end=trained,
            epoch=epoch,
            meta="training_data_iter",
        )
        log.throughput(len(train) / (trained - started))
        updating.append(trained - started)
        checking.append(time.time() - trained)
        if stopping.over:
            break
    if best is None:
        raise InputError(
            "Every candidate diverged: no loss stayed finite. Lower learning_rate, or leave it to auto, and look for "
            "extreme values in the data."
        )
    bank.restore(best)
    return updating, checking


def choose_candidate(
    bank: Banks, deciding: Rows, settings: list[Candidate], hp: Hyperparameters, scaler: Scaler, log: Log
) -> int:
    """Return the index of the candidate that is best on the rows that decide; name those that diverged."""
    standings = judge(bank, deciding, hp, scaler)
    for m in np.flatnonzero(~np.isfinite(standings.losses)):
        log.warning(f"Candidate {m} diverged and was left out: {json.dumps(settings[m].settings())}")
    best = choose(standings.values, standings.losses, maximise=standings.maximise)
    if best is None:
        raise InputError(
            "Every candidate's loss on the rows that decide is infinite. Lower learning_rate, or leave it to auto; "
            "look for extreme values in the data, and see that every channel is scaled alike."
        )
    return best


def report_rows(train: Rows, began: float, log: Log) -> None:
    """Log what was read."""
    counts = iterator_counts(1, len(train), 1)
    log.metrics(counts, start=began, end=time.time(), meta="init_train_data_iter")


def iterator_counts(epochs: int, rows: int, batches: int) -> dict[str, float | Summary]:
    """Count what has been read, under the original's names."""
    return {
        "Total Records Seen": rows * epochs,
        "Total Batches Seen": batches * epochs,
        "Max Records Seen Between Resets": rows,
        "Max Batches Seen Between Resets": batches,
        "Reset Count": epochs,
        "Number of Records Since Last Reset": rows,
        "Number of Batches Since Last Reset": batches,
    }


def report_losses(split: str, objective: str, losses: Floats, epoch: int, start: float, end: float, log: Log) -> None:
    """Log the loss of every candidate after an epoch, and the best of them."""
    for m, loss in enumerate(losses):
        log.metrics({f"{split}_{objective}": float(loss)}, start=start, end=end, epoch=epoch, model=m)
    log.quality(objective, least(losses), split=split, kind="loss", epoch=epoch)


def report_scores(split: str, scores: list[Metric], log: Log) -> None:
    """Log the final scores of a channel."""
    for metric, _, value in scores:
        log.score(split, metric, value)
    for metric, kind, value in scores:
        log.quality(metric, value, split=split, kind=kind)


def report_times(seconds: dict[str, list[float]], epochs: int, began: float, ended: float, log: Log) -> None:
    """Log where the time went, in milliseconds for machines and in seconds for people."""
    spent: dict[str, float | Summary] = {"epochs": epochs}
    spent |= {name: Summary.of([1000 * value for value in values]) for name, values in seconds.items()}
    log.metrics(spent, start=began, end=ended)
    log.info("Time spent: " + ", ".join(f"{name} {sum(values):.2f} s" for name, values in seconds.items()))
