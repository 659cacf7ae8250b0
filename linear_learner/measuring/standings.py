"""Evaluate the candidates of a bank on the rows that select among them."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.bank.dense import Heed, unheeding
from linear_learner.bank.sliced import Banks
from linear_learner.measuring import thresholds
from linear_learner.objective.losses import LOSSES
from linear_learner.options.hyperparameters import Hyperparameters
from open_algorithms.learning.job.hosts import ALONE, Hosts
from open_algorithms.learning.rows.kept import Data, Glimpse

Floats = NDArray[Any]


POOLED = 2**22  # scores of several candidates that are joined at once


@dataclass(frozen=True)
class Standings:
    """The criterion's value and the mean loss of each candidate on the rows that select among them, (M,) each."""

    values: Floats
    losses: Floats
    maximise: bool

    @property
    def best(self) -> float:
        """The best finite value."""
        return -least(-self.values) if self.maximise else least(self.values)


def judge(
    bank: Banks, data: Data | Glimpse, hp: Hyperparameters, most: int, heed: Heed = unheeding, hosts: Hosts = ALONE
) -> Standings:
    """Evaluate every candidate on all hosts' rows; thresholds are calibrated on the first `calibration_rows` of them.

    Losses are in the label's own units. `check_stop` is called between chunks and may raise.
    """
    measure = criterion(hp)
    lost, rows = np.zeros(bank.models), 0
    margins = [np.zeros((bank.models, 0), np.float32)]
    labels = [np.zeros(0, np.float32)]
    with hosts.stopping_together():
        for piece in data.pieces():
            wanted = min(len(piece), most - rows) if measure is not None and rows < most else 0
            more, z = bank.evaluate(piece, margins=wanted, heed=heed)
            lost += more
            margins.append(z)
            labels.append(piece.labels[:wanted].copy())
            rows += len(piece)
            del piece
    sums = hosts.told(hosts.total([*lost, rows]))
    losses = sums[:-1] / sums[-1] * data.scaler.label_deviation ** LOSSES[hp.loss].degree
    if measure is None:
        return Standings(losses, losses, maximise=False)
    label = pooled(np.concatenate(labels), most, hosts)
    values = np.full(len(losses), np.nan)
    finite = np.flatnonzero(np.isfinite(losses))
    together = max(1, POOLED // len(label)) if hosts.count > 1 else 1
    for first in range(0, len(finite), together):
        some = finite[first : first + together]
        scores = pooled(np.concatenate([z[some].T for z in margins]), most, hosts)
        for m, score in zip(some, scores.T, strict=True):
            with hosts.stopping_together():
                heed()
            values[m] = thresholds.calibrate(score, label, measure).value
    return Standings(hosts.told(values), losses, maximise=True)


def pooled(values: Floats, most: int, hosts: Hosts) -> Floats:
    """Gather the hosts' values (n, ...), at most `row_limit` of them.

    Where there are more, the first of each host, in proportion to its rows.
    """
    own = np.zeros(hosts.count)
    own[hosts.rank] = len(values)
    ends = np.cumsum(hosts.total(own))
    shares = np.diff(ends if ends[-1] <= most else ends * most // ends[-1], prepend=0)
    return np.concatenate(hosts.gathered(values[: int(shares[hosts.rank])]))


def criterion(hp: Hyperparameters) -> thresholds.Criterion | None:
    """Return the criterion that thresholds are calibrated for; None where candidates are compared by loss."""
    if hp.predictor_type != "binary_classifier":
        return None
    match hp.binary_classifier_model_selection_criteria:
        case "accuracy":
            return thresholds.accuracy
        case "f_beta":
            return partial(thresholds.f_beta, beta=hp.f_beta)
        case "precision_at_target_recall":
            return partial(thresholds.precision_at_target_recall, target=hp.target_recall)
        case "recall_at_target_precision":
            return partial(thresholds.recall_at_target_precision, target=hp.target_precision)
        case _:
            return None


def least(values: Floats) -> float:
    """Return the smallest finite value, or infinity."""
    return float(min(values[np.isfinite(values)], default=np.inf))
