"""Train: read the channels, train the bank, choose the best candidate, calibrate its threshold and score it."""

import time

from linear_learner.objective.model import LinearModel
from linear_learner.options.budget import Budget
from linear_learner.options.hyperparameters import Hyperparameters, final_configuration, ignored_names
from linear_learner.training.channels import read_channels
from linear_learner.training.conclusion import conclude_stopped_training, conclude_training
from linear_learner.training.epochs import train_epochs
from linear_learner.training.labels import check_labels_vary
from linear_learner.training.log_lines import log_rows_read, log_times
from linear_learner.training.plan import make_plan, total_row_count
from linear_learner.training.result import TrainingResult
from linear_learner.training.solving import solve_candidates
from linear_learner.training.start import start_training
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.work import Work


def train_candidates(
    work: Work, hp: Hyperparameters, budget: Budget, earlier: LinearModel | None, recipe: Recipe | None = None
) -> TrainingResult:
    """Train on the channel `train`, select on `validation` if there is one, and score on every channel.

    All candidates start from `earlier`, if it is given. `recipe` is how the columns of a table become features. With
    several hosts, each calls this function with its work. All hosts return the same model, and what is logged holds for
    all. Raises KeyboardInterrupt where the job is asked to stop before there is a model.
    """
    began = time.time()
    log_configuration(work, hp)
    hp = hp.spread_over(work.hosts.count)
    data = read_channels(work, hp, budget)
    work.record_lap("read")
    unchecked = check_labels_vary(data, hp, work.hosts, work.log)
    row_counts = {name: total_row_count(rows, work.hosts) for name, rows in data.items()}
    log_rows_read(row_counts["train"].least, began, work.log)
    read = time.time()
    plan = make_plan(work, hp, budget, data, row_counts, recipe)
    progress, write_next_checkpoint = start_training(plan, earlier)
    work.record_lap("prepare")
    ready = time.time()
    try:
        unchecked = dict(train_epochs(plan, progress, unchecked, write_next_checkpoint))
        solve_candidates(plan, progress, unchecked, write_next_checkpoint)
        trained = time.time()
        result = conclude_training(plan, progress, data, work.raise_if_stopped)
    except KeyboardInterrupt:
        if not progress.has_weights:
            raise
        trained = time.time()
        result = conclude_stopped_training(plan, progress)
    ended = time.time()
    seconds = {
        "initialize.time": [ready - began],
        "setuptime": [ready - read],
        "update.time": progress.update_seconds,
        "check_early_stopping.time": progress.check_seconds,
        "finalize.time": [ended - trained],
        "totaltime": [ended - began],
    }
    log_times(seconds, hp.schedule.epochs, began, ended, work.log)
    return result


def log_configuration(work: Work, hp: Hyperparameters) -> None:
    """Log the hyperparameters in effect, those without effect, and what several hosts make of a mini-batch."""
    log, hosts = work.log, work.hosts.count
    log.info(f"Final configuration: {final_configuration(work.hyperparameters)}")
    for name in ignored_names(work.hyperparameters, hp):
        log.warning(f"{name} has no effect on this job: it goes with other hyperparameters than these.")
    if hosts > 1:
        log.info(
            f"{hosts} hosts train together: a mini-batch has {hp.batch.here} rows of each, "
            f"{hosts * hp.batch.here} in all."
        )
