"""How the candidates of a bank trained: their figures, the best first, and their learning curves.

Tests: tests/linear_learner/report/test_build.py.
"""

import math

import numpy as np

from linear_learner.measuring.final import objective_name
from linear_learner.report.schema import CandidateEntry, CriterionCurve, LearningCurves
from linear_learner.training.progress import TrainingProgress
from linear_learner.training.result import TrainingResult


def deciding_criterion(result: TrainingResult) -> str:
    """Return the name of the criterion that chose the winner."""
    hp = result.hp
    return hp.selection.criterion if result.standings.maximise else objective_name(hp)


def candidate_entries(result: TrainingResult) -> list[CandidateEntry]:
    """Return the candidates, the winner and then the best first, with settings and figures at the best epoch.

    Pruned candidates follow, the last pruned first.
    """
    course, standings = result.course, result.standings
    places = {int(m): place for place, m in enumerate(result.finalists)}
    entries = []
    for m, candidate in enumerate(result.candidates):
        train, validation, value, left = course_figures(course, m)
        loss, win_share = validation, 0.0
        if left is None:
            place = places[m]
            value, loss, win_share = (
                array[place] for array in (standings.values, standings.losses, result.examination.win_shares)
            )
        entries.append(
            CandidateEntry(
                candidate=m,
                value=float(value),
                loss=float(loss),
                train_loss=float(train),
                validation_loss=float(loss if m >= course.bank_size and result.is_validated else validation),
                left_after_epoch=left,
                diverged=left is None and not (math.isfinite(value) and math.isfinite(loss)),
                win_share=float(win_share),
                settings=candidate.logged_settings(),
            )
        )
    sign = -1 if standings.maximise else 1
    return sorted(entries, key=lambda entry: (entry.candidate != result.winner, rank_key(entry, sign)))


def course_figures(course: TrainingProgress, m: int) -> tuple[float, float, float, int | None]:
    """Return losses and criterion of a candidate in its best epoch, or its last, and after how many epochs it left.

    A candidate that was solved has a loss on the train rows only.
    """
    if m >= course.bank_size:
        solved = m - course.bank_size
        losses = course.solved_train_losses
        return float(losses[solved]) if solved < len(losses) else math.nan, math.nan, math.nan, None
    left = int(course.epochs_until_pruned[m]) or None
    then = np.flatnonzero(course.recorded_epochs == course.best_epoch)
    if left is not None:
        then = np.flatnonzero(course.recorded_epochs < left)[-1:]
    train, validation, value = course.history[then[0], :, m].tolist() if then.size else (math.nan,) * 3
    return train, validation, value, left


def rank_key(entry: CandidateEntry, sign: int) -> tuple[bool, bool, int, float, float, int]:
    """Return what candidates are sorted by: the value times `sign`, then the loss; NaN ranks last."""
    left = entry.left_after_epoch
    value, loss = np.nan_to_num([sign * entry.value, entry.loss], nan=np.inf).tolist()
    return entry.diverged, left is not None, -(left or 0), value, loss, entry.candidate


def learning_curves(result: TrainingResult) -> LearningCurves:
    """Return the learning curves of the recorded epochs.

    They hold each candidate's losses on the training rows and, if there are any, on the validation rows, and the best
    candidate's value of the early stopping criterion.
    """
    course, part = result.course, 0 if result.deciding_channel == "train" else 2
    best = np.fmax.reduce if part and result.standings.maximise else np.fmin.reduce
    values = course.history[:, part]
    names = ("train", "validation") if part else ("train",)
    return LearningCurves(
        epochs=course.recorded_epochs.tolist(),
        losses={name: course.history[:, row].T.tolist() for row, name in enumerate(names)},
        early_stopping=CriterionCurve(
            deciding_criterion(result) if part else objective_name(result.hp),
            best(np.where(np.isfinite(values), values, np.nan), axis=1).tolist() if values.size else [],
        ),
    )
