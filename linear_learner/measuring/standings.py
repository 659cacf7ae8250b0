"""Evaluate the candidates of a bank on the rows that select among them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from linear_learner.bank.sliced import SlicedBank
from linear_learner.objective.losses import LOSSES
from linear_learner.options.hyperparameters import Hyperparameters
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.measuring import thresholds
from open_algorithms.learning.rows.kept import ChannelRows, TimeLimitedRows
from open_algorithms.learning.types.arrays import Floats

POOLED_SCORES = 2**22  # scores of several candidates that are joined at once
SORTED_MODELS = 8  # whose scores are sorted at once


@dataclass(frozen=True)
class Standings:
    """The criterion's value and the mean loss of each candidate on the rows that select among them, (M,) each."""

    values: Floats
    losses: Floats
    maximise: bool

    @property
    def best_value(self) -> float:
        """The best finite value."""
        return -least_finite(-self.values) if self.maximise else least_finite(self.values)


def evaluate_candidates(
    bank: SlicedBank,
    data: ChannelRows | TimeLimitedRows,
    hp: Hyperparameters,
    calibration_rows: int,
    raise_if_stopped: StopCheck = never_stop,
    hosts: Hosts = SINGLE_HOST,
) -> Standings:
    """Evaluate every candidate on all hosts' rows; thresholds are calibrated on the first `calibration_rows` of them.

    Losses are in the label's own units. `raise_if_stopped` is called between chunks and may raise.
    """
    measure = threshold_criterion(hp)
    lost, rows = np.zeros(bank.models), 0
    margins = [np.zeros((bank.models, 0), np.float32)]
    labels = [np.zeros(0, np.float32)]
    with hosts.stopping_together():
        for piece in data.iterate_pieces():
            wanted = min(len(piece), calibration_rows - rows) if measure is not None and rows < calibration_rows else 0
            more, z = bank.evaluate(piece, margin_rows=wanted, raise_if_stopped=raise_if_stopped)
            lost += more
            margins.append(z)
            labels.append(piece.labels[:wanted].copy())
            rows += len(piece)
            del piece
    sums = hosts.broadcast(hosts.all_reduce([*lost, rows]))
    losses = sums[:-1] / sums[-1] * data.scaler.label_deviation ** LOSSES[hp.objective.loss].degree
    if measure is None:
        return Standings(losses, losses, maximise=False)
    label = gather_first_rows(np.concatenate(labels), calibration_rows, hosts)
    weights = None if data.row_weights is None else data.row_weights[: len(label)]
    values = np.full(len(losses), np.nan)
    finite = np.flatnonzero(np.isfinite(losses))
    together = max(1, POOLED_SCORES // max(1, len(label)))
    for first in range(0, len(finite), together):
        some = finite[first : first + together]
        scores = gather_first_rows(np.concatenate([z[some].T for z in margins]), calibration_rows, hosts)
        with hosts.stopping_together():
            raise_if_stopped()
        values[some] = threshold_values(scores.T, label, measure, weights, bank.engine.processors)
    return Standings(hosts.broadcast(values), losses, maximise=True)


def threshold_values(
    scores: Floats, label: Floats, criterion: thresholds.Criterion, weights: Floats | None, processors: int
) -> Floats:
    """Return the best value of the criterion at any threshold for the scores (M, n) of each model, (M,)."""
    if weights is not None:
        return np.array([thresholds.calibrate_threshold(score, label, criterion, weights).value for score in scores])
    groups = np.array_split(scores, range(SORTED_MODELS, len(scores), SORTED_MODELS))
    with ThreadPoolExecutor(processors, "thresholds") as executor:
        found = executor.map(lambda group: thresholds.best_values(group, label, criterion), groups)
        return np.concatenate(list(found))


def gather_first_rows(values: Floats, row_limit: int, hosts: Hosts) -> Floats:
    """Gather the hosts' values (n, ...), at most `row_limit` of them.

    Where there are more, the first of each host, in proportion to its rows.
    """
    own = np.zeros(hosts.count)
    own[hosts.rank] = len(values)
    ends = np.cumsum(hosts.all_reduce(own))
    shares = np.diff(ends if ends[-1] <= row_limit else ends * row_limit // ends[-1], prepend=0)
    return np.concatenate(hosts.all_gather(values[: int(shares[hosts.rank])]))


def threshold_criterion(hp: Hyperparameters) -> thresholds.Criterion | None:
    """Return the criterion that thresholds are calibrated for; None where candidates are compared by loss."""
    if hp.predictor_type != "binary_classifier":
        return None
    match hp.selection.criterion:
        case "accuracy":
            return thresholds.accuracy_at_cuts
        case "f_beta":
            return partial(thresholds.f_beta_at_cuts, beta=hp.selection.f_beta)
        case "precision_at_target_recall":
            return partial(thresholds.precision_at_target_recall, target=hp.selection.target_recall)
        case "recall_at_target_precision":
            return partial(thresholds.recall_at_target_precision, target=hp.selection.target_precision)
        case _:
            return None


def threshold_measure(hp: Hyperparameters) -> thresholds.Measure | None:
    """Return what the criterion measures at any threshold, whether its target is reached there or not."""
    criterion = threshold_criterion(hp)
    if criterion is None:
        return None
    match hp.selection.criterion:
        case "precision_at_target_recall":
            return thresholds.precision_at_cuts
        case "recall_at_target_precision":
            return thresholds.recall_at_cuts
        case _:
            return lambda cuts: criterion(cuts).value


def least_finite(values: Floats) -> float:
    """Return the smallest finite value, or infinity."""
    return float(min(values[np.isfinite(values)], default=np.inf))
