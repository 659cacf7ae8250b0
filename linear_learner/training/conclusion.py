"""The end of training: choose the best candidate, make it a model, and score that on every channel.

Tests: tests/linear_learner/training/test_fit.py, tests/linear_learner/training/test_interruption.py.
"""

import json
from collections.abc import Iterator, Mapping

import numpy as np

from linear_learner.measuring.final import Measurement, build_model, calibrate_model, compute_metrics
from linear_learner.measuring.standings import Standings, evaluate_candidates
from linear_learner.measuring.thresholds import best_candidate
from linear_learner.objective.model import LinearModel
from linear_learner.training.log_lines import log_scores
from linear_learner.training.plan import Plan
from linear_learner.training.progress import TrainingProgress
from linear_learner.training.result import TrainingResult
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.rows.kept import ChannelRows, TimeLimitedRows

STOPPED_CHANNEL_SECONDS = 1.0  # seconds for each look at a channel, where a job is stopped


def conclude_training(
    plan: Plan,
    progress: TrainingProgress,
    data: Mapping[str, ChannelRows | TimeLimitedRows],
    raise_if_stopped: StopCheck,
) -> TrainingResult:
    """Turn the best candidate at the best epoch into a model, calibrate it, and score it on every channel of `data`."""
    hosts, deciding = plan.work.hosts, data[plan.deciding_channel]
    standings = best_standings(plan, progress, deciding, raise_if_stopped)
    best = choose_candidate(plan, progress, standings)
    weights = progress.bank.take_snapshot() if progress.best_snapshot is None else progress.best_snapshot
    model = build_model(hosts.broadcast(weights[best]), plan.hp, deciding.scaler, plan.objective.reported_weights)
    blocks = check_between_blocks(deciding.raw_blocks(), raise_if_stopped)
    model = calibrate_model(model, blocks, plan.hp, plan.work.log, plan.calibration_rows, hosts, deciding.row_weights)
    plan.work.record_lap("choose")
    winner = int(progress.active[best])
    measurements = score_channels(plan, model, data, winner, raise_if_stopped)
    plan.work.record_lap("score")
    return TrainingResult(
        model=model,
        hp=plan.hp,
        candidates=plan.candidates,
        course=progress,
        standings=standings,
        winner=winner,
        deciding_channel=plan.deciding_channel,
        scaler=deciding.scaler,
        is_sparse=progress.bank.is_sparse,
        measurements=measurements,
        was_stopped=isinstance(deciding, TimeLimitedRows),
        host_count=hosts.count,
    )


def conclude_stopped_training(plan: Plan, progress: TrainingProgress) -> TrainingResult:
    """Conclude the training of a job that is asked to stop, within about STOPPED_CHANNEL_SECONDS a channel."""
    plan.work.record_lap("stopped")
    what = (
        f"the best of {progress.epoch} epochs"
        if progress.best_snapshot is not None
        else "what the first epoch has come to"
    )
    plan.work.log.warning(f"Told to stop: the model is {what}.")
    heads = {
        name: TimeLimitedRows(rows.head_rows, rows.scaler, STOPPED_CHANNEL_SECONDS) for name, rows in plan.data.items()
    }
    return conclude_training(plan, progress, heads, never_stop)


def best_standings(
    plan: Plan, progress: TrainingProgress, deciding: ChannelRows | TimeLimitedRows, raise_if_stopped: StopCheck
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
    return evaluate_candidates(
        progress.bank, deciding, plan.hp, plan.calibration_rows, raise_if_stopped, plan.work.hosts
    )


def choose_candidate(plan: Plan, progress: TrainingProgress, standings: Standings) -> int:
    """Return the index, among the active candidates, of the best one.

    Candidates whose loss is not finite have diverged: they are logged and left out. Raises InputError where all have.
    """
    for m in progress.active[~np.isfinite(standings.losses)]:
        settings = json.dumps(plan.candidates[m].logged_settings())
        plan.work.log.warning(f"Candidate {m} diverged and was left out: {settings}")
    best = best_candidate(standings.values, standings.losses, maximise=standings.maximise)
    if best is None:
        raise InputError(
            "Every candidate's loss on the rows that decide is infinite. Lower learning_rate, or leave it to auto; "
            "look for extreme values in the data, and see that every channel is scaled alike."
        )
    return best


def score_channels(
    plan: Plan,
    model: LinearModel,
    data: Mapping[str, ChannelRows | TimeLimitedRows],
    winner: int,
    raise_if_stopped: StopCheck,
) -> dict[str, Measurement]:
    """Score the model on every channel, on `test` last, and log the scores and the winner's settings."""
    log, hosts, measured = plan.work.log, plan.work.hosts, dict[str, Measurement]()

    def score_channel(name: str) -> None:
        rows = data[name]
        blocks = check_between_blocks(rows.raw_blocks(), raise_if_stopped)
        measured[name] = compute_metrics(model, blocks, plan.hp, plan.objective.reported_weights, hosts)
        log_scores(name, measured[name].scores, log)
        if isinstance(rows, TimeLimitedRows):
            seen = int(hosts.all_reduce([rows.rows_seen])[0])
            log.info(f"These scores of the channel {name!r} are those of its first {seen} rows.")

    for name in data:
        if name != "test":
            score_channel(name)
    log.info(f"Best model found for hyperparameters: {json.dumps(plan.candidates[winner].logged_settings())}")
    if "test" in data:
        score_channel("test")
    else:
        log.info("Test data is not provided.")
    return measured


def check_between_blocks(blocks: Iterator[Block], raise_if_stopped: StopCheck) -> Iterator[Block]:
    """Yield the blocks; call `raise_if_stopped`, which may raise, before each."""
    for block in blocks:
        raise_if_stopped()
        yield block
