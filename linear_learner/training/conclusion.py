"""The end of training: choose the best candidate, make it a model, and score that on every channel.

Tests: tests/linear_learner/training/test_fit.py, tests/linear_learner/training/test_interruption.py.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from linear_learner.measuring.examination import Examination, Question, examine
from linear_learner.measuring.final import (
    CalibrationRows,
    Measurement,
    build_model,
    calibrate_model,
    calibrate_scores,
    compute_metrics,
    measure_margins,
)
from linear_learner.measuring.standings import threshold_criterion, threshold_measure
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.model import LinearModel
from linear_learner.options.hyperparameters import SOLVED
from linear_learner.training.log_lines import log_scores
from linear_learner.training.plan import Plan
from linear_learner.training.progress import TrainingProgress
from linear_learner.training.result import TrainingResult
from linear_learner.training.solving import score_channel, score_folds, solved_weights
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.measuring.reliability import (
    CalibrationError,
    describe_miscalibration,
)
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.rows.kept import ChannelRows, TimeLimitedRows
from open_algorithms.learning.rows.scaling import Scaler
from open_algorithms.learning.types.arrays import Float32s, Floats, Int64s

STOPPED_CHANNEL_SECONDS = 1.0  # seconds for each look at a channel, where a job is stopped


Scored = tuple[Float32s, Float32s]  # margins (n, K) and labels (n,)


class Finalists(NamedTuple):
    """The candidates that may be chosen: their numbers, (F,), and their weights, (F, K, d + 1)."""

    numbers: Int64s
    weights: Floats


def conclude_training(
    plan: Plan,
    progress: TrainingProgress,
    data: Mapping[str, ChannelRows | TimeLimitedRows],
    raise_if_stopped: StopCheck,
) -> TrainingResult:
    """Turn the best candidate into a model, calibrate it, and score it on every channel of `data`."""
    hosts, deciding = plan.work.hosts, data[plan.deciding_channel]
    finalists = gather_finalists(plan, progress)
    examination = examine_finalists(plan, progress, finalists, deciding, raise_if_stopped)
    was_stopped = isinstance(deciding, TimeLimitedRows)
    best = choose_candidate(plan, finalists, examination, was_stopped=was_stopped)
    weights = hosts.broadcast(finalists.weights[best])
    model = build_model(weights, plan.hp, deciding.scaler, plan.objective.reported_weights)

    def score_winner() -> Iterator[Scored]:
        """Yield its margins and the labels of the deciding rows, each by what was solved without the row's fold."""
        assert progress.solver is not None
        for block in score_folds(plan, deciding, progress.solver, raise_if_stopped):
            yield block.margins[:, best], block.labels

    if plan.solving.folds:
        scored = ((model.predict_from_margins(margins)["score"], labels) for margins, labels in score_winner())
        model = calibrate_scores(model, scored, plan.hp, plan.work.log, calibration_rows(plan, deciding), hosts)
    else:
        blocks = check_between_blocks(deciding.raw_blocks(), raise_if_stopped)
        model = calibrate_model(model, blocks, plan.hp, plan.work.log, calibration_rows(plan, deciding), hosts)
    plan.work.record_lap("choose")
    winner = int(finalists.numbers[best])
    measurements = score_channels(plan, model, data, winner, raise_if_stopped)
    error, rows, in_folds = measurements[plan.deciding_channel].calibration, f"the {plan.deciding_channel} rows", None
    if plan.solving.folds:
        in_folds = measure_folds(plan, model, deciding.scaler, score_winner())
        error = in_folds.calibration
        rows += ", each judged by what was learned without its fold"
    log_miscalibration(plan, error, rows, is_solved=plan.all_candidates[winner].optimizer == SOLVED)
    plan.work.record_lap("score")
    return TrainingResult(
        model=model,
        hp=plan.hp,
        candidates=plan.all_candidates,
        course=progress,
        finalists=finalists.numbers,
        examination=examination,
        winner=winner,
        deciding_channel=plan.deciding_channel,
        folds=plan.solving.folds,
        scaler=deciding.scaler,
        is_sparse=progress.bank.is_sparse,
        measurements=measurements,
        was_stopped=was_stopped,
        host_count=hosts.count,
        in_folds=in_folds,
    )


def conclude_stopped_training(plan: Plan, progress: TrainingProgress) -> TrainingResult:
    """Conclude the training of a job that is asked to stop, within about STOPPED_CHANNEL_SECONDS a channel."""
    plan.work.record_lap("stopped")
    if progress.best_snapshot is not None:
        what = f"the best of {progress.epoch} epochs"
    elif progress.solver is not None:
        what = f"what {progress.solver.passes} passes over the rows have come to"
    else:
        what = "what the first epoch has come to"
    plan.work.log.warning(f"Told to stop: the model is {what}.")
    heads = {
        name: TimeLimitedRows(rows.head_rows, rows.scaler, STOPPED_CHANNEL_SECONDS) for name, rows in plan.data.items()
    }
    return conclude_training(plan, progress, heads, never_stop)


def gather_finalists(plan: Plan, progress: TrainingProgress) -> Finalists:
    """Return the candidates as they were at the best epoch, and those that were solved.

    Raises InputError where every candidate has diverged.
    """
    solved = solved_weights(plan, progress)
    trained = progress.best_snapshot
    if trained is None:
        trained = progress.bank.take_snapshot()
        if progress.epoch and not len(solved):
            raise InputError(
                "Every candidate diverged: no loss stayed finite. Lower learning_rate, or leave it to auto, and look "
                "for extreme values in the data."
            )
    numbers = len(plan.candidates) + np.arange(len(solved))
    return Finalists(np.concatenate([progress.active, numbers]), np.concatenate([trained, solved]))


def examine_finalists(
    plan: Plan,
    progress: TrainingProgress,
    finalists: Finalists,
    deciding: ChannelRows | TimeLimitedRows,
    raise_if_stopped: StopCheck,
) -> Examination:
    """Examine the finalists on the deciding rows; each row by what was solved without its fold, if there are folds."""
    degree = LOSSES[plan.hp.objective.loss].degree
    question = Question(
        plan.objective,
        threshold_criterion(plan.hp),
        threshold_measure(plan.hp),
        plan.calibration_rows,
        deciding.scaler.label_deviation**degree,
    )
    if progress.solver is not None and plan.solving.folds:
        blocks = score_folds(plan, deciding, progress.solver, raise_if_stopped)
    else:
        blocks = score_channel(plan, deciding, finalists.weights, raise_if_stopped)
    return examine(blocks, len(finalists.numbers), question, plan.work.hosts)


def measure_folds(plan: Plan, model: LinearModel, scaler: Scaler, scored: Iterable[Scored]) -> Measurement:
    """Measure standardised margins (n, K) of all hosts' rows, each without its fold, as if they were the model's."""
    raw = (
        (margins * np.float32(scaler.label_deviation) + np.float32(scaler.label_mean), scaler.restore_label(labels))
        for margins, labels in scored
    )
    return measure_margins(model, raw, plan.hp, plan.objective.reported_weights, plan.work.hosts)


def log_miscalibration(plan: Plan, error: CalibrationError | None, rows: str, *, is_solved: bool) -> None:
    """Log where the probabilities are far off on the rows that decide."""
    if error is not None and error.is_noticeable:
        has_weights = plan.objective.has_row_weights or plan.objective.class_weights is not None
        plan.work.log.info(describe_miscalibration(error, rows, has_weights=has_weights, is_solved=is_solved))


def calibration_rows(plan: Plan, deciding: ChannelRows | TimeLimitedRows) -> CalibrationRows:
    """Return the rows that the threshold is calibrated on."""
    return CalibrationRows(plan.calibration_rows, deciding.row_weights, plan.decides_on_unseen_rows)


def choose_candidate(plan: Plan, finalists: Finalists, examination: Examination, *, was_stopped: bool) -> int:
    """Return the place, among the finalists, of the best one.

    On rows that were trained on, that is the one with the best value; on others, where values are equal but for noise,
    candidates that were solved come first: they depend on nothing but the rows and a penalty. Of a job that was stopped
    they may still be on their way. Candidates whose loss is not finite have diverged: they are logged and left out.
    Raises InputError where all have.
    """
    candidates, losses = plan.all_candidates, examination.standings.losses
    for m in finalists.numbers[~np.isfinite(losses)]:
        settings = json.dumps(candidates[m].logged_settings())
        plan.work.log.warning(f"Candidate {m} diverged and was left out: {settings}")
    steady = np.array([candidates[m].optimizer == SOLVED and not was_stopped for m in finalists.numbers])
    best = examination.choose(steady) if plan.decides_on_unseen_rows else examination.best
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
    log.info(f"Best model found for hyperparameters: {json.dumps(plan.all_candidates[winner].logged_settings())}")
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
