"""The end of training: choose a mean of candidates, make it a model, and score that on every channel.

Tests: tests/factorization_machines/training/test_fit.py, tests/factorization_machines/training/test_interruption.py.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.machines.bank import Bank
from open_algorithms.factorization_machines.machines.machines import Parameters
from open_algorithms.factorization_machines.measuring.calibration import calibrate_model
from open_algorithms.factorization_machines.measuring.metrics import Measurement, measure_blocks
from open_algorithms.factorization_machines.options.hyperparameters import final_configuration
from open_algorithms.factorization_machines.rows.pieces import iterate_rows
from open_algorithms.factorization_machines.training.epochs import losses_of
from open_algorithms.factorization_machines.training.log_lines import log_scores
from open_algorithms.factorization_machines.training.mixing import (
    MOST_MEMBERS,
    MeanLosses,
    choose_shares,
    in_label_units,
    mix_parameters,
)
from open_algorithms.factorization_machines.training.plan import Plan
from open_algorithms.factorization_machines.training.progress import NONE, Progress
from open_algorithms.factorization_machines.training.refit import join_held_out, train_again
from open_algorithms.factorization_machines.training.result import Course, TrainingResult
from open_algorithms.factorization_machines.training.seen import collect_seen_pairs
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.rows.kept import ChannelRows, TimeLimitedRows
from open_algorithms.learning.types.arrays import Float64s

STOPPED_CHANNEL_SECONDS = 1.0  # seconds for each look at a channel, where a job is stopped
LARGEST_FACTORS = 2**28  # numbers that the factors of a mean may be, about
SCORED_NUMBERS = 2**25  # scores of deciding rows that are held at once, of all candidates
Shares = Mapping[int, float]
Channels = Mapping[str, ChannelRows | TimeLimitedRows]


def conclude_training(plan: Plan, progress: Progress) -> TrainingResult:
    """Choose a mean of candidates, let it learn from all rows, calibrate it, and score it on every channel."""
    return conclude(plan, progress, plan.data, plan.work.raise_if_stopped)


def conclude_stopped_training(plan: Plan, progress: Progress) -> TrainingResult:
    """Conclude the training of a job that is asked to stop, within about STOPPED_CHANNEL_SECONDS a channel."""
    plan.work.record_lap("stopped")
    epochs = progress.epoch
    what = f"the best of {epochs} epochs" if epochs else "what the first epoch has come to"
    plan.work.log.warning(f"Told to stop: the model is {what}.")
    if not progress.best:
        progress.bank.end_epoch()
        progress.best = {number: progress.bank.parameters(number) for number in progress.active}
    heads = {
        name: TimeLimitedRows(rows.head_rows, rows.scaler, STOPPED_CHANNEL_SECONDS) for name, rows in plan.data.items()
    }
    return conclude(plan, progress, heads, never_stop)


def conclude(plan: Plan, progress: Progress, data: Channels, raise_if_stopped: StopCheck) -> TrainingResult:
    """Turn candidates into a model and score it on every channel of `data`."""
    was_stopped = isinstance(data["train"], TimeLimitedRows)
    shares = choose_candidates(plan, progress, data[plan.deciding_channel])
    plan.work.record_lap("choose")
    model = build_model(plan, progress.best, shares)
    model = calibrate_model(
        model, data[plan.deciding_channel], plan.hp, plan.work, is_unseen=plan.validation is not None
    )
    joined = None if was_stopped else join_held_out(plan)
    measured: dict[str, Measurement] = {}
    if joined is not None:
        measured = score_channels(plan, model, {"validation": data["validation"]}, raise_if_stopped)
        found = train_again(plan, progress, shares, joined)
        model = replace(build_model(plan, found, shares), threshold=model.threshold)
        plan.work.log.info(
            "What was chosen has learned again, from the rows held out, too; the scores of these are those before."
        )
        plan.work.record_lap("refit")
    if not was_stopped:
        model = replace(model, seen=collect_seen_pairs(plan))
    measurements = measured | score_channels(
        plan, model, {name: rows for name, rows in data.items() if name not in measured}, raise_if_stopped
    )
    if "test" not in data:
        plan.work.log.info("Test data is not provided.")
    plan.work.record_lap("score")
    held_out = plan.validation.row_count if plan.validation is not None and plan.is_held_out else 0
    return TrainingResult(
        model=model,
        hp=plan.hp,
        courses=list_courses(plan, progress, shares),
        deciding_channel=plan.deciding_channel,
        held_out=int(plan.work.hosts.all_reduce([held_out])[0]),
        is_refitted=joined is not None,
        epochs=progress.epoch,
        objective=plan.hp.objective,
        units=plan.units,
        is_sparse=plan.is_sparse,
        measurements=measurements,
        was_stopped=was_stopped,
        host_count=plan.work.hosts.count,
    )


def choose_candidates(plan: Plan, progress: Progress, deciding: ChannelRows | TimeLimitedRows) -> Shares:
    """Return the shares of candidates in the model, by number: of several where rows that nobody learned from say so.

    Raises InputError where every candidate has diverged.
    """
    log = plan.work.log
    usable = {
        number: fortune.best_loss
        for number, fortune in progress.fortunes.items()
        if number in progress.best
        and (np.isfinite(fortune.best_loss) or not progress.epoch)
        and is_finite(progress.best[number])
    }
    if not usable:
        raise InputError(describe_divergence(plan))
    best = min(usable, key=lambda number: (usable[number], number == 0, number))  # the original's hardly moves at first
    if len(plan.candidates) == 1 or plan.validation is None or not progress.epoch:
        if len(plan.candidates) > 1:
            log.info(f"Candidate {best} is chosen: its loss on the {plan.deciding_channel} rows is the lowest.")
        return {best: 1.0}
    candidates = [candidate for candidate in plan.candidates if candidate.number in usable]
    progress.bank.groups.clear()  # for the memory of another one
    bank = Bank.hold(candidates, progress.best, plan.task, plan.work.processors)
    scores, mean_losses = score_deciding_rows(plan, bank, deciding)
    most = LARGEST_FACTORS // (plan.task.features * max(1, plan.hp.num_factors))
    chosen = choose_shares(scores, mean_losses, min(max(1, most), MOST_MEMBERS))
    found = plan.work.hosts.broadcast(chosen).tolist()
    shares = {number: share for number, share in zip(sorted(usable), found, strict=True) if share > 0}
    told = ", ".join(f"{number} ({share:.0%})" for number, share in sorted(shares.items(), key=lambda item: -item[1]))
    log.info(f"The model is a mean of candidates, of those with the best loss on the validation rows: {told}.")
    return shares


def describe_divergence(plan: Plan) -> str:
    """Return what the user can do where no candidate is of use."""
    advice = ["look for extreme values in the data", "lower bias_lr, linear_lr and factors_lr"]
    if not plan.hp.normalize_data:
        advice.append("set normalize_data=true")
    if not plan.hp.is_classifier and all(candidate.original for candidate in plan.candidates):
        advice.append("leave num_models out, so that labels are learned in units of their deviation")
    return f"Every candidate diverged: no loss stayed finite. What may help: {'; '.join(advice)}."


def is_finite(parameters: Parameters) -> bool:
    """Return whether parameters are all finite."""
    return all(bool(np.isfinite(part).all()) for part in parameters)


def score_deciding_rows(plan: Plan, bank: Bank, deciding: ChannelRows | TimeLimitedRows) -> tuple[Float64s, MeanLosses]:
    """Return the scores (M, n) of the first deciding rows of this host, and what takes mean losses of such scores.

    Candidates are in the order of their numbers, whatever the groups of the bank.
    """
    order = np.argsort([candidate.number for candidate in bank.candidates])
    most = max(1, SCORED_NUMBERS // len(bank.candidates))
    scores, labels, weights, rows = [np.zeros((len(bank.candidates), 0))], [np.zeros(0, np.float32)], [np.zeros(0)], 0
    for part in iterate_rows(deciding, plan.units):
        if rows >= most:
            break
        scores.append(bank.score(part.X)[order])
        labels.append(part.y)
        weights.append(np.ones(len(part.y)) if part.weights is None else part.weights.astype(np.float64))
        rows += len(part.y)
    y, counted = np.concatenate(labels), np.concatenate(weights)
    total = plan.work.hosts.all_reduce([counted.sum()])[0]

    def mean_losses(some: Float64s) -> Float64s:
        return np.asarray(plan.work.hosts.all_reduce(losses_of(plan, some, y) @ counted) / total)

    return np.concatenate(scores, axis=1), mean_losses


def build_model(plan: Plan, parameters: Mapping[int, Parameters], shares: Shares) -> FactorModel:
    """Return the mean of candidates as a model of raw features.

    Raises InputError where its weights do not fit float32.
    """
    originals = {candidate.number: candidate.original for candidate in plan.candidates}
    own = {
        number: in_label_units(parameters[number], *plan.task.label_units(is_original=originals[number]))
        for number in shares
    }
    bias, linear, factors = plan.units.restore(mix_parameters(own, shares))
    hosts = plan.work.hosts
    linear, factors = (np.asarray(hosts.broadcast(part), np.float32) for part in (linear, factors))
    bias = float(hosts.broadcast(np.array([bias]))[0])
    if not (np.isfinite(bias) and np.isfinite(linear).all() and np.isfinite(factors).all()):
        raise InputError(describe_divergence(plan))
    settings = final_configuration(plan.work.hyperparameters)
    model = FactorModel(
        plan.hp.predictor_type,
        float(np.float32(bias)),
        linear,
        factors,
        settings=settings | {"feature_dim": str(len(linear)), "num_factors": str(factors.shape[1])},
        reach=None if plan.units.reach is None else np.asarray(hosts.broadcast(plan.units.reach), np.float32),
    )
    if plan.units.centers is None:
        return model
    return model.absorb_shift(-np.asarray(hosts.broadcast(plan.units.centers), np.float64))


def score_channels(
    plan: Plan, model: FactorModel, data: Channels, raise_if_stopped: StopCheck
) -> dict[str, Measurement]:
    """Score the model on every channel, and log the scores."""
    measured = {}
    for name, rows in data.items():
        blocks = check_between_blocks(rows.raw_blocks(), raise_if_stopped)
        measured[name] = measure_blocks(model, blocks, plan.hp.selection.f_beta, plan.work.hosts)
        log_scores(name, measured[name].scores, plan.work.log)
        if isinstance(rows, TimeLimitedRows):
            seen = int(plan.work.hosts.all_reduce([rows.rows_seen])[0])
            plan.work.log.info(f"These scores of the channel {name!r} are those of its first {seen} rows.")
    return measured


def check_between_blocks(blocks: Iterator[Block], raise_if_stopped: StopCheck) -> Iterator[Block]:
    """Yield the blocks; call `raise_if_stopped`, which may raise, before each."""
    for block in blocks:
        raise_if_stopped()
        yield block


def list_courses(plan: Plan, progress: Progress, shares: Shares) -> list[Course]:
    """Return how each candidate fared."""
    fortunes = progress.fortunes
    return [
        Course(
            candidate,
            fortunes[candidate.number].train_losses,
            fortunes[candidate.number].validation_losses,
            None if fortunes[candidate.number].best_epoch == NONE else fortunes[candidate.number].best_epoch,
            shares.get(candidate.number, 0.0),
        )
        for candidate in plan.candidates
    ]
