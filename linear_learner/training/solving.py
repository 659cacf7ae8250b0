"""Solve the candidates that are not trained step by step: pass after pass, in folds where these decide."""

import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from linear_learner.bank.margins import score_rows
from linear_learner.bank.updating.class_weights import build_objective
from linear_learner.measuring.examination import ScoredBlock, mean_losses
from linear_learner.measuring.final import objective_name
from linear_learner.solving.curvature import measure_spread
from linear_learner.solving.problems import build_problems
from linear_learner.solving.solver import Solver
from linear_learner.training.labels import check_labels_vary
from linear_learner.training.log_lines import Period, log_losses
from linear_learner.training.plan import Plan
from linear_learner.training.progress import TrainingProgress
from open_algorithms.learning.job.stop import StopCheck
from open_algorithms.learning.rows.folds import deal_folds
from open_algorithms.learning.rows.kept import AnyRows, ChannelRows, TimeLimitedRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Floats, Int64s

FIRST_LOOK, PASSES_PER_LOOK = 8, 4  # at candidates that are not solved to the end


def solve_candidates(
    plan: Plan,
    progress: TrainingProgress,
    unchecked: Mapping[str, ChannelRows],
    write_next_checkpoint: Callable[[], None] | None,
) -> None:
    """Solve the candidates of the plan, and write a checkpoint after each pass.

    The labels of `unchecked` channels are checked once all have been seen.
    """
    solving, work = plan.solving, plan.work
    if not solving.candidates:
        return
    solver = progress.solver = start_solver(plan, progress)
    folds, name, began = row_folds(plan), plan.criterion_name, time.time()
    while not solver.is_done and solver.passes < solving.passes:
        work.log.show_progress(solver.passes, solving.passes, 0, plan.row_counts["train"].most, name, np.nan)
        solver.run_pass(with_folds(plan.train, folds), work.raise_if_stopped)
        unchecked = check_labels_vary(unchecked, plan.hp, work.hosts, work.log)
        if not solving.to_the_end and (solver.is_done or is_time_to_look(solver.passes, solving.passes)):
            look_at_candidates(plan, progress, solver)
        with work.hosts.stopping_together():
            if write_next_checkpoint is not None and not solving.is_quick:
                write_next_checkpoint()
            work.raise_if_stopped()
    if np.isfinite(plan.row_counts["train"].most):  # no host would have to read its rows once more
        blocks = score_channel(plan, plan.train, solved_weights(plan, progress), work.raise_if_stopped)
        progress.solved_train_losses = mean_losses(blocks, len(solving.candidates), plan.objective, work.hosts)
    work.record_lap("solve")
    if not plan.candidates:
        log_as_epochs(plan, progress, Period(solver.passes - 1, began, time.time()))
    count, unsolved = len(solving.candidates), int((~solver.descent.is_done).sum())
    rest = f"; problems that are not at their optimum yet: {unsolved}" if unsolved else ""
    told = f", and each in {solving.folds} folds," if solving.folds else ""
    work.log.info(f"Solved {count} candidates{told} in {solver.passes} passes over the rows{rest}.")


def log_as_epochs(plan: Plan, progress: TrainingProgress, solved: Period) -> None:
    """Log what a job logs of its epochs, the passes over the rows taken for these, as such a job has no others."""
    log, losses = plan.work.log, progress.solved_train_losses
    if len(losses):
        log_losses("train", objective_name(plan.hp), np.arange(len(losses)), losses, solved, log)
    log.log_progress(100, stopped_early=True)
    rows = plan.work.hosts.all_reduce([plan.train.row_count])[0]
    log.log_throughput((solved.epoch + 1) * rows / (solved.end - solved.start))


def start_solver(plan: Plan, progress: TrainingProgress) -> Solver:
    """Set up the solver with all candidates at their starting point, or where a checkpoint has them."""
    hp, candidates, rows = plan.hp, plan.solving.candidates, plan.train.head_rows
    objective = build_objective(hp, rows, len(candidates), plan.work.hosts)
    problems = build_problems(candidates, objective, hp.batch.everywhere, plan.solving.folds)
    solver = Solver(
        problems,
        np.repeat(progress.solver_start[None], len(problems), axis=0),
        measure_spread(rows, plan.work.hosts),
        tolerance=plan.solving.tolerance,
        is_sparse=isinstance(rows, SparseRows),
        processors=plan.work.processors,
        hosts=plan.work.hosts,
    )
    if progress.solver_state:
        solver.load_state(progress.solver_state, "")
        progress.solver_state = {}
    return solver


def row_folds(plan: Plan) -> Int64s | None:
    """Return the fold of each row, (n,), which are all in memory; None where there are no folds."""
    if not plan.solving.folds:
        return None
    by_class = plan.hp.predictor_type != "regressor"
    return deal_folds(plan.train.rows.labels, plan.solving.folds, plan.hp.seed, by_class=by_class)


def with_folds(train: ChannelRows, folds: Int64s | None) -> Iterator[tuple[AnyRows, Int64s | None]]:
    """Yield the rows in pieces with their folds."""
    for rows, _ in train.iterate_epoch(None):
        yield rows, folds
        del rows


def is_time_to_look(passes: int, last: int) -> bool:
    """Return whether candidates that are not solved to the end are looked at after so many passes."""
    return passes == last or (passes >= FIRST_LOOK and passes % PASSES_PER_LOOK == 0)


def look_at_candidates(plan: Plan, progress: TrainingProgress, solver: Solver) -> None:
    """Keep what each candidate has come to where its loss on the validation rows is the lowest so far."""
    assert plan.validation is not None
    blocks = score_channel(plan, plan.validation, solver.points, plan.work.raise_if_stopped)
    losses = mean_losses(blocks, len(solver.points), plan.objective, plan.work.hosts)
    if progress.solved is None:
        progress.solved, progress.solved_losses = solver.points.astype(np.float32), losses
    better = losses < progress.solved_losses
    progress.solved[better], progress.solved_losses[better] = solver.points[better], losses[better]


def score_channel(
    plan: Plan, rows: ChannelRows | TimeLimitedRows, weights: Floats, raise_if_stopped: StopCheck
) -> Iterator[ScoredBlock]:
    """Yield the rows of a channel with the margins of models with weights (P, K, d + 1).

    `raise_if_stopped` is called between blocks and may raise.
    """
    for piece in rows.iterate_pieces():
        for first, last, margins in score_rows(piece, weights, plan.work.processors):
            raise_if_stopped()
            counts = piece.row_weights
            yield ScoredBlock(margins, piece.labels[first:last], None if counts is None else counts[first:last])
        del piece


def score_folds(
    plan: Plan, rows: ChannelRows | TimeLimitedRows, solver: Solver, raise_if_stopped: StopCheck
) -> Iterator[ScoredBlock]:
    """Yield the rows to train on with the margins of the candidates, each solved without the fold of a row."""
    folds, count, seen = row_folds(plan), len(plan.solving.candidates), 0
    assert folds is not None
    for block in score_channel(plan, rows, solver.points[count:], raise_if_stopped):
        own = folds[seen : seen + len(block.labels)]
        by_fold = block.margins.reshape(len(own), plan.solving.folds, count, -1)
        yield block._replace(margins=by_fold[np.arange(len(own)), own])
        seen += len(own)


def solved_weights(plan: Plan, progress: TrainingProgress) -> Floats:
    """Return the weights of the solved candidates, (S, K, d + 1): what they have come to on all rows."""
    if progress.solved is not None:
        return progress.solved
    if progress.solver is None:
        return np.zeros((0, plan.hp.outputs, plan.train.feature_dim + 1), np.float32)
    return progress.solver.points[: len(plan.solving.candidates)].astype(np.float32)
