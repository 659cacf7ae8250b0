"""Calibrate the threshold of a binary classifier.

Tests: tests/factorization_machines/training/test_fit.py.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.measuring.metrics import split_blocks
from open_algorithms.factorization_machines.options.hyperparameters import Hyperparameters, SelectionSettings
from open_algorithms.learning.measuring import thresholds
from open_algorithms.learning.measuring.smoothing import smooth_threshold
from open_algorithms.learning.rows.kept import ChannelRows, TimeLimitedRows
from open_algorithms.learning.work import Work

SMOOTHED_CRITERIA = ("accuracy", "f_beta")  # the others have a target, which a smoothed threshold misses more often
MOST_ROWS = 2**22  # that a threshold is calibrated on, of each host


def find_criterion(selection: SelectionSettings) -> thresholds.Criterion | None:
    """Return what thresholds are calibrated for; None where they stay."""
    match selection.criterion:
        case "accuracy":
            return thresholds.accuracy_at_cuts
        case "f_beta":
            return partial(thresholds.f_beta_at_cuts, beta=selection.f_beta)
        case "precision_at_target_recall":
            return partial(thresholds.precision_at_target_recall, target=selection.target_recall)
        case "recall_at_target_precision":
            return partial(thresholds.recall_at_target_precision, target=selection.target_precision)
        case _:
            return None


def calibrate_model(
    model: FactorModel, data: ChannelRows | TimeLimitedRows, hp: Hyperparameters, work: Work, *, is_unseen: bool
) -> FactorModel:
    """Return the model with its threshold calibrated on the rows of all hosts; that of few unseen rows is smoothed."""
    criterion = find_criterion(hp.selection) if hp.is_classifier else None
    if criterion is None:
        return model
    scores, labels, rows = [np.zeros(0, np.float32)], [np.zeros(0, np.float32)], 0
    with work.hosts.stopping_together():
        for X, y in split_blocks(data.raw_blocks(), model.num_factors + 1):
            if rows >= MOST_ROWS:
                break
            scores.append(np.asarray(model.predict(X)["score"], np.float32))
            labels.append(y.copy())
            rows += len(y)
    score, label = (np.concatenate(work.hosts.all_gather(np.concatenate(parts))) for parts in (scores, labels))
    calibrate = (
        smooth_threshold
        if is_unseen and hp.selection.criterion in SMOOTHED_CRITERIA
        else thresholds.calibrate_threshold
    )
    weights = data.row_weights if work.hosts.count == 1 else None
    found = calibrate(score, label, criterion, None if weights is None else weights[: len(label)])
    if found.value < 0:
        work.log.warning(
            f"No threshold reaches the target of {hp.selection.criterion} on the {len(label)} rows that it is "
            f"calibrated on; the nearest, which is taken, misses it by {-found.value:.6g}."
        )
    return replace(model, threshold=float(work.hosts.broadcast(np.array([found.threshold]))[0]))
