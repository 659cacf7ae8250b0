"""Run a training in the process of the caller: with MXNet's settings for its time alone, and stopped by Control-C."""

import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from container.job.timeline import Timeline
from container.machine.memory import memory_budget
from open_algorithms.doors.algorithms import Algorithm
from open_algorithms.doors.tables import log_columns
from open_algorithms.estimators.fitting.engine import use_engine
from open_algorithms.estimators.fitting.interrupts import InterruptWatch
from open_algorithms.estimators.fitting.progress import FitListener, LearningWarning
from open_algorithms.estimators.inputs.rows import Rows
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.types.arrays import Float32s
from open_algorithms.learning.work import ColumnRequest, Columns, Work

OWN_PACKAGE = __name__.partition(".")[0]


class Task(NamedTuple):
    """What is learned: hyperparameters as texts, rows by channel, their columns, and the weights of rows, if any.

    `recipe` is how the columns of a table become features, where the rows are those of one.
    """

    hyperparameters: Mapping[str, str]
    channels: Mapping[str, Rows]
    read_columns: Callable[[ColumnRequest], Columns]
    row_weights: Mapping[str, Float32s]
    recipe: Recipe | None


class Trained(NamedTuple):
    """The result of an algorithm, and the work that it was given."""

    result: Any
    work: Work


def run_fit(algorithm: Algorithm, task: Task) -> Trained:
    """Train by the algorithm; raises InputError for the user's mistakes, and KeyboardInterrupt without a model.

    The first Control-C returns the best model so far, with a warning.
    """
    listener, timeline = FitListener(algorithm.word), Timeline()
    try:
        with use_engine() as processors, InterruptWatch() as watch:
            for rows in task.channels.values():
                rows.raise_if_stopped = watch.raise_if_stopped
            learn = algorithm.learn
            timeline.record_lap("import")
            if task.recipe is not None:
                log_columns(task.recipe, listener)
            work = Work(
                hyperparameters=task.hyperparameters,
                channels=task.channels,
                log=listener,
                free_memory=memory_budget,
                read_columns=task.read_columns,
                raise_if_stopped=watch.raise_if_stopped,
                record_lap=timeline.record_lap,
                seconds_by_part=timeline.seconds_by_part,
                processors=processors,
                row_weights=task.row_weights,
            )
            result = learn.fit(work)
            watch.raise_if_ended()
            return Trained(result, work)
    finally:
        listener.close()
        for text in listener.warnings:
            warnings.warn(text, LearningWarning, stacklevel=find_caller())


def find_caller() -> int:
    """Return the stack level, for a warning of the function that calls this, of the first caller outside our code."""
    level, frame = 0, sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).partition(".")[0] == OWN_PACKAGE:
        level, frame = level + 1, frame.f_back
    return level + 1
