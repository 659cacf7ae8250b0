"""Jobs whose reports the tests look at."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from linear_learner.report.build import build_report
from linear_learner.report.schema import Report
from linear_learner.training.result import TrainingResult
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.showing.job import HyperparameterTexts
from open_algorithms.learning.work import Work
from tests.learning.job.recorder import Recorder
from tests.linear_learner.jobs import fit_result
from tests.linear_learner.training.examples import HYPERPARAMETERS, split_example
from tests.linear_learner.training.pruned_jobs import JOBS as PRUNED

SECONDS = {"read": 0.25, "train": 1.5, "save": 0.125}
FILES = {"train": ["rows.csv"], "validation": ["a.csv", "b.csv"], "test": ["test.csv"]}
LEFT = PRUNED["classes"]
FEW = {"epochs": "5", "num_models": "12"}
JOBS: dict[str, dict[str, str]] = {
    **{predictor: job | FEW for predictor, job in HYPERPARAMETERS.items()},
    "by loss": HYPERPARAMETERS["binary_classifier"]
    | FEW
    | {"binary_classifier_model_selection_criteria": "loss_function"},
    "by hinge": HYPERPARAMETERS["binary_classifier"] | FEW | {"loss": "hinge_loss"},
    "unvalidated": HYPERPARAMETERS["binary_classifier"] | FEW,
    "solved": HYPERPARAMETERS["multiclass_classifier"],
    "folds": HYPERPARAMETERS["binary_classifier"] | {"folds": "3"},
    "pruned": LEFT[0],
}


def channels(name: str) -> dict[str, list[Block]]:
    if name == "pruned":
        return {channel: list(blocks) for channel, blocks in LEFT[1].items()}
    found = {channel: list[Block](blocks) for channel, blocks in split_example(JOBS[name]["predictor_type"]).items()}
    return {"train": found["train"]} if name in ("unvalidated", "folds") else found


def train(texts: dict[str, str], data: dict[str, list[Block]], **more: Any) -> TrainingResult:
    """Run a job; return its result."""
    return fit_result(texts, data, Recorder(), **more)


def tell(result: TrainingResult, texts: dict[str, str]) -> Report:
    """Return the report of the result of a job with these hyperparameters."""
    return build_report(result, Work(texts, {}, Recorder(), seconds_by_part=SECONDS, file_names=FILES))


@cache
def job(name: str) -> tuple[TrainingResult, Report, Recorder]:
    """Run a job; return its result, its report and its log."""
    log = Recorder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("linear_learner.measuring.pruning.LEAST_SAVED_MARGINS", 0)  # let candidates leave small jobs too
        result = fit_result(JOBS[name], channels(name), log)
    return result, tell(result, JOBS[name]), log


def rename(report: Report, name: Callable[[int], str]) -> Report:
    """Return the report with other names of features, by their column, and of hyperparameters."""
    texts = {name(0): name(1)}
    return replace(
        report,
        weights=[replace(entry, feature=name(entry.column)) for entry in report.weights],
        hyperparameters=HyperparameterTexts(texts, texts),
    )


def rows_of(name: str, channel: str) -> tuple[Any, Any]:
    """Return the model's answer for the rows of a channel, and their labels."""
    blocks = channels(name)[channel]
    X, y = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return job(name)[0].model.predict(X), y
