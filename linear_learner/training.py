"""Train: read, standardise, train the bank, choose the best candidate, calibrate it, score it."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.bank import Bank, start_weights
from linear_learner.batches import Block, Rows, batch_table
from linear_learner.candidates import Candidate, candidates
from linear_learner.errors import InputError
from linear_learner.hyperparameters import Hyperparameters, parse
from linear_learner.judging import criterion, judge, least
from linear_learner.losses import LOSSES
from linear_learner.metrics import Metric
from linear_learner.model import Model
from linear_learner.reading import checked, label_classes, read_channel, read_train
from linear_learner.report import Log
from linear_learner.scaling import Scaler
from linear_learner.scoring import calibrated, final_scores, folded
from linear_learner.selection import choose
from linear_learner.stopping import EarlyStopping

Floats = NDArray[Any]


def fit(texts: Mapping[str, str], channels: Mapping[str, Iterable[Block]], log: Log) -> Model:
    """Train on the channel `train`, select on `validation` if there is one, score on all that there are.

    Raises InputError for what the user can mend.
    """
    began = time.time()
    hp = parse(texts)
    log.info(f"Final configuration: {asdict(hp)}")
    train, scaler = read_train(channels["train"], hp)
    validation = read_channel(channels["validation"], "validation", hp, scaler) if "validation" in channels else None
    deciding = train if validation is None else validation
    settings = candidates(hp, validated=validation is not None)
    bank = build_bank(settings, train.features, hp)
    log.info(
        f"Training {len(settings)} candidates on {len(train)} rows of {train.features} features, "
        f"selecting on {len(deciding)} {'train' if validation is None else 'validation'} rows"
    )
    ready = time.time()
    epochs = run_epochs(bank, train, validation, hp, scaler, log)
    trained = time.time()
    best = choose_candidate(bank, deciding, settings, hp, scaler, log)
    model = calibrated(folded(bank.snapshot()[best], hp, scaler), deciding, hp, scaler)
    report_scores("train", final_scores(model, train.raw(scaler), hp), log)
    if validation is not None:
        report_scores("validation", final_scores(model, validation.raw(scaler), hp), log)
    log.info(f"Best model found for hyperparameters: {json.dumps(settings[best].settings())}")
    if "test" in channels:
        blocks = checked("test", channels["test"], label_classes(hp), train.features)
        report_scores("test", final_scores(model, blocks, hp), log)
    else:
        log.info("Test data is not provided.")
    report_times(began, ready, trained, time.time(), hp.epochs, epochs, log)
    return model


def build_bank(settings: list[Candidate], features: int, hp: Hyperparameters) -> Bank:
    """Place the candidates at their random start."""
    start = start_weights(
        range(len(settings)),
        hp.outputs,
        features,
        seed=hp.seed,
        method=hp.init_method,
        spread=hp.init_scale if hp.init_method == "uniform" else hp.init_sigma,
        bias=hp.init_bias if hp.use_bias else 0.0,
    )
    return Bank(settings, start, hp.loss, hp.mini_batch_size, use_bias=hp.use_bias)


def run_epochs(bank: Bank, train: Rows, validation: Rows | None, hp: Hyperparameters, scaler: Scaler, log: Log) -> int:
    """Train epoch by epoch until early stopping; leave the bank at the best epoch; count the epochs."""
    objective = LOSSES[hp.loss].objective
    shuffler = np.random.default_rng(hp.seed) if hp.shuffle else None
    by_score = validation is not None and criterion(hp) is not None
    criterion_name = f"sampled_{hp.binary_classifier_model_selection_criteria}" if by_score else objective
    stopping = EarlyStopping(hp.early_stopping_patience, hp.early_stopping_tolerance, maximise=by_score)
    best = None
    for epoch in range(hp.epochs):
        started = time.time()
        losses = bank.train(train, batch_table(len(train), hp.mini_batch_size, shuffler)) / len(train)
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
            {"Total Records Seen": len(train) * (epoch + 1), "Number of Records Since Last Reset": len(train)},
            start=started,
            end=trained,
            epoch=epoch,
            meta="training_data_iter",
        )
        log.throughput(len(train) / (trained - started))
        if stopping.over:
            break
    if best is None:
        raise InputError(
            "Every candidate diverged: no loss stayed finite. Lower learning_rate, or leave it to auto, and look for "
            "extreme values in the data."
        )
    bank.restore(best)
    return epoch + 1


def choose_candidate(
    bank: Bank, deciding: Rows, settings: list[Candidate], hp: Hyperparameters, scaler: Scaler, log: Log
) -> int:
    """Return the index of the candidate that is best on the rows that decide; name those that diverged."""
    standings = judge(bank, deciding, hp, scaler)
    for m in np.flatnonzero(~np.isfinite(standings.losses)):
        log.warning(f"Candidate {m} diverged and was left out: {json.dumps(settings[m].settings())}")
    best = choose(standings.values, standings.losses, maximise=standings.maximise)
    assert best is not None, "run_epochs restored an epoch with a finite candidate"
    return best


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


def report_times(
    began: float, ready: float, trained: float, ended: float, configured: int, epochs: int, log: Log
) -> None:
    """Log where the time went, in milliseconds, and how many epochs there were."""
    seconds = {
        "initialize.time": ready - began,
        "update.time": trained - ready,
        "finalize.time": ended - trained,
        "totaltime": ended - began,
    }
    milliseconds = {name: 1000 * spent for name, spent in seconds.items()}
    log.metrics({"epochs": configured, "epochs.run": epochs, **milliseconds}, start=began, end=ended)
    log.info("Time spent: " + ", ".join(f"{name} {spent:.2f} s" for name, spent in seconds.items()))
