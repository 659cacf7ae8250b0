"""The metrics of a machine on labelled rows, by the original's names, and more of our own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.measuring.losses import row_losses
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.measuring.metrics import BinaryTally, Metric, RegressorTally
from open_algorithms.learning.measuring.reliability import CalibrationError, measure_calibration
from open_algorithms.learning.measuring.tallies import RunningMean
from open_algorithms.learning.rows.csr import slice_rows
from open_algorithms.learning.rows.dense import Block

CROSS_ENTROPY = "binary_classification_cross_entropy"
OWN_METRICS = ("precision", "recall", "roc_auc_score")  # of a classifier, which the original does not log
REGRESSOR_METRICS = ("rmse", "mse", "absolute_loss", "r2")  # the last is our own
NUMBERS_AT_ONCE = 2**20  # sums of factors that are held at once


@dataclass(frozen=True)
class Measurement:
    """The tally of a machine on some rows, its metrics, each with its kind and value, and how many `rows` these are.

    `calibration` is the calibration error of a classifier's probabilities.
    """

    tally: BinaryTally | RegressorTally
    scores: list[Metric]
    rows: int
    calibration: CalibrationError | None = None


def measure_blocks(
    model: FactorModel,
    blocks: Iterable[Block],
    f_beta: float = 1.0,
    hosts: Hosts = SINGLE_HOST,
    raise_if_stopped: StopCheck = never_stop,
) -> Measurement:
    """Measure the machine on all hosts' raw blocks, which are read once, in constant memory."""
    tally = RegressorTally() if model.predictor_type == "regressor" else BinaryTally(f_beta)
    entropy = RunningMean()
    with hosts.stopping_together():
        for X, y in split_blocks(blocks, model.num_factors + 1):
            raise_if_stopped()
            z = model.margins(X)
            tally.add(y, model.predict_from_margins(z))
            if isinstance(tally, BinaryTally):
                entropy.add(row_losses(z, y))
    tally.merge_hosts(hosts)
    if isinstance(tally, RegressorTally):
        return Measurement(tally, list_metrics(tally), tally.squared_errors.rows)
    entropy.merge_hosts(hosts)
    calibration = measure_calibration(*tally.ranking.counts_by_score)
    return Measurement(tally, list_metrics(tally, entropy.value), tally.rows, calibration)


def list_metrics(tally: BinaryTally | RegressorTally, cross_entropy: float = float("nan")) -> list[Metric]:
    """Return the metrics of a tally, the original's first; the mean `cross_entropy` is that of a classifier's rows."""
    found = {name: (name, kind, value) for name, kind, value in tally.metrics()}
    if isinstance(tally, RegressorTally):
        return [found[name] for name in REGRESSOR_METRICS]
    found[CROSS_ENTROPY] = (CROSS_ENTROPY, "loss", cross_entropy)
    f_score = f"binary_f_{tally.beta:.3f}"
    return [found[name] for name in ("binary_classification_accuracy", CROSS_ENTROPY, f_score, *OWN_METRICS)]


def split_blocks(blocks: Iterable[Block], columns: int) -> Iterator[Block]:
    """Split blocks so that each makes at most NUMBERS_AT_ONCE numbers of so many `columns`."""
    rows = max(1, NUMBERS_AT_ONCE // columns)
    for X, y in blocks:
        for start in range(0, len(y), rows):
            end = min(start + rows, len(y))
            yield slice_rows(X, start, end), y[start:end]
