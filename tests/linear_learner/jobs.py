"""Jobs that are trained in this process, without their folders."""

from collections.abc import Iterable, Mapping
from typing import Any

from linear_learner.objective.model import LinearModel
from linear_learner.options.budget import Budget
from linear_learner.options.hyperparameters import parse_hyperparameters
from linear_learner.training.fit import train_candidates
from linear_learner.training.result import TrainingResult
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.job.listener import TrainingListener
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.work import Work
from tests.learning.job.recorder import Recorder


def fit_result(
    hyperparameters: Mapping[str, str],
    channels: Mapping[str, Iterable[Block]],
    log: TrainingListener,
    budget: Budget | None = None,
    *,
    earlier_model: LinearModel | None = None,
    recipe: Recipe | None = None,
    **more: Any,
) -> TrainingResult:
    """Train on channels that are given as blocks of rows; `more` are further fields of the work."""
    work = Work(hyperparameters, channels, log, **more)
    return train_candidates(work, parse_hyperparameters(hyperparameters), budget or Budget(), earlier_model, recipe)


def fit_model(
    hyperparameters: Mapping[str, str],
    channels: Mapping[str, Iterable[Block]],
    log: TrainingListener,
    budget: Budget | None = None,
    **more: Any,
) -> LinearModel:
    """Train as `fit_result` does, and return the model."""
    return fit_result(hyperparameters, channels, log, budget, **more).model


def fit_recorded(
    hyperparameters: Mapping[str, str], channels: Mapping[str, Iterable[Block]]
) -> tuple[LinearModel, Recorder]:
    """Train, and return the model with all that was told."""
    log = Recorder()
    return fit_model(hyperparameters, channels, log), log
