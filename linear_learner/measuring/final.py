"""Turn the selected candidate into a model, calibrate its threshold and compute its metrics on every channel."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from linear_learner.measuring.standings import gather_first_rows, threshold_criterion
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.model import LinearModel
from linear_learner.options.hyperparameters import Hyperparameters
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.job.listener import TrainingListener
from open_algorithms.learning.measuring import metrics, thresholds
from open_algorithms.learning.measuring.metrics import Metric, RegressorTally, Tally
from open_algorithms.learning.measuring.reliability import CalibrationError, measure_calibration
from open_algorithms.learning.measuring.smoothing import smooth_threshold
from open_algorithms.learning.measuring.tallies import RunningMean
from open_algorithms.learning.rows.csr import slice_rows
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.rows.scaling import Scaler
from open_algorithms.learning.types.arrays import Floats, Numbers

SCORES_AT_ONCE = 2**18  # that are computed at once
SMOOTHED_CRITERIA = ("accuracy", "f_beta")  # the others have a target, which a smoothed threshold misses more often
LOG_LOSSES = {"logistic": "binary_log_loss", "softmax_loss": "multiclass_log_loss"}


def build_model(weights: Floats, hp: Hyperparameters, scaler: Scaler, class_weights: Floats | None) -> LinearModel:
    """Return the model for raw data with one candidate's weights (K, d + 1); `class_weights` (C,) are the objective's.

    Raises InputError where its weights do not fit float32.
    """
    weight, bias = scaler.unstandardise_weights(weights[:, :-1], weights[:, -1])
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise InputError(
            "The model's weights for the raw features are beyond what float32 can hold. Bring features and label to "
            "more usual units."
        )
    chosen, loss = hp.objective, LOSSES[hp.objective.loss]
    parameter = chosen.loss_parameter * scaler.label_deviation**loss.label_power
    kind = {"eps_insensitive_squared_loss": "squared", "eps_insensitive_absolute_loss": "absolute"}.get(chosen.loss)
    binary = hp.predictor_type == "binary_classifier"
    return LinearModel(
        hp.predictor_type,
        chosen.loss,
        np.ascontiguousarray(weight.T),
        bias,
        blurred=scaler.blurred,
        deviations=scaler.spread,
        metrics_params={
            **dict.fromkeys(("quantile", "huber_delta", "margin", "loss_insensitivity")),  # all that the original has
            **({loss.parameter_name: parameter} if loss.parameter_name else {}),
            "eps_insensitive_loss_type": kind,
            "accuracy_top_k": hp.selection.accuracy_top_k,
            "f_beta": None if hp.predictor_type == "regressor" else hp.selection.f_beta,
            "positive_example_weight_mult": 1.0 if class_weights is None or not binary else float(class_weights[1]),
            "class_weights": None if class_weights is None or binary else class_weights.tolist(),
        },
    )


@dataclass(frozen=True)
class CalibrationRows:
    """The rows that a threshold is calibrated on: at most so many first ones, which count by `weights` (n,), if any.

    Where they `are_unseen`, so that no model was trained on them, the threshold of few rows is smoothed.
    """

    most: int
    weights: Floats | None = None
    are_unseen: bool = False


def calibrate_model(
    model: LinearModel,
    blocks: Iterable[Block],
    hp: Hyperparameters,
    log: TrainingListener,
    rows: CalibrationRows | None = None,
    hosts: Hosts = SINGLE_HOST,
) -> LinearModel:
    """Return the model with its threshold calibrated on all hosts' raw rows.

    Only a binary classifier has one; it is chosen by the model's own scores. Reads the first `num_calibration_samples`
    rows only, or fewer where `rows` say so. Logs a warning where no threshold reaches the target.
    """
    if threshold_criterion(hp) is None:
        return model
    wanted = hp.selection.num_calibration_samples
    rows = CalibrationRows(wanted) if rows is None else replace(rows, most=min(wanted, rows.most))
    scored = ((model.predict(X)["score"], y) for X, y in split_blocks(take_first_rows(blocks, rows.most), model))
    return calibrate_scores(model, scored, hp, log, rows, hosts)


def calibrate_scores(
    model: LinearModel,
    scored: Iterable[tuple[Numbers, Floats]],
    hp: Hyperparameters,
    log: TrainingListener,
    rows: CalibrationRows,
    hosts: Hosts = SINGLE_HOST,
) -> LinearModel:
    """Return the model with its threshold calibrated on all hosts' scores and labels, (n,) each."""
    criterion = threshold_criterion(hp)
    if criterion is None:
        return model
    scores, labels = [np.zeros(0, np.float32)], [np.zeros(0, np.float32)]
    with hosts.stopping_together():
        for some, y in scored:
            scores.append(np.asarray(some, np.float32))
            labels.append(y.copy())
    score, label = (gather_first_rows(np.concatenate(parts), rows.most, hosts) for parts in (scores, labels))
    is_smoothed = rows.are_unseen and hp.selection.criterion in SMOOTHED_CRITERIA
    calibrate = smooth_threshold if is_smoothed else thresholds.calibrate_threshold
    found = calibrate(score, label, criterion, None if rows.weights is None else rows.weights[: len(label)])
    if found.value < 0:
        log.warning(
            f"No threshold reaches the target of {hp.selection.criterion} on the calibration "
            f"rows; the nearest, which is taken, misses it by {-found.value:.6g}."
        )
    return replace(model, threshold=float(hosts.broadcast(np.array([found.threshold]))[0]))


class Measurement(NamedTuple):
    """The metrics of a model on some rows, the tally behind them, and the calibration error of its probabilities."""

    scores: list[Metric]
    tally: Tally
    calibration: CalibrationError | None = None


def compute_metrics(
    model: LinearModel,
    blocks: Iterable[Block],
    hp: Hyperparameters,
    class_weights: Floats | None,
    hosts: Hosts = SINGLE_HOST,
) -> Measurement:
    """Measure the model on all hosts' raw blocks: the objective first, then the metrics of its predictor type.

    The rows are read once, in constant memory.
    """
    scored = ((model.margins(X), y) for X, y in split_blocks(blocks, model))
    return measure_margins(model, scored, hp, class_weights, hosts)


def measure_margins(
    model: LinearModel,
    scored: Iterable[tuple[Floats, Floats]],
    hp: Hyperparameters,
    class_weights: Floats | None,
    hosts: Hosts = SINGLE_HOST,
) -> Measurement:
    """Measure margins (n, K) that are answered as the model does, against labels (n,), of all hosts' rows."""
    loss = LOSSES[model.loss_type]
    parameter = float(model.metrics_params.get(loss.parameter_name or "") or 0)
    objective, unweighted, tally = RunningMean(), RunningMean(), create_tally(model, hp)
    with hosts.stopping_together():
        for z, y in scored:
            losses = loss.value(z.astype(np.float64), y, parameter)
            unweighted.add(losses)
            objective.add(losses if class_weights is None else losses * class_weights[y.astype(np.int64)])
            tally.add(y, model.predict_from_margins(z))
    for part in (objective, unweighted, tally):
        part.merge_hosts(hosts)
    scores = [(objective_name(hp), "loss", objective.value), *tally.metrics()]
    if model.loss_type not in LOG_LOSSES or isinstance(tally, RegressorTally):
        return Measurement(scores, tally)
    calibration = measure_calibration(*tally.ranking.counts_by_score)
    scores.append((LOG_LOSSES[model.loss_type], "score", unweighted.value))
    scores.append(("expected_calibration_error", "loss", calibration.value))
    return Measurement(scores, tally, calibration)


def create_tally(model: LinearModel, hp: Hyperparameters) -> Tally:
    """Return an empty tally for the metrics of the model's predictor type."""
    match model.predictor_type:
        case "regressor":
            return metrics.RegressorTally()
        case "binary_classifier":
            return metrics.BinaryTally(hp.selection.f_beta)
        case _:
            return metrics.MulticlassTally(len(model.bias), hp.selection.f_beta, hp.selection.accuracy_top_k)


def take_first_rows(blocks: Iterable[Block], rows: int) -> Iterator[Block]:
    """Yield the first `rows` rows, then close the stream without reading further: it may be a pipe."""
    stream = iter(blocks)
    try:
        while rows > 0 and (block := next(stream, None)) is not None:
            X, y = block
            yield slice_rows(X, 0, min(rows, len(y))), y[:rows]
            rows -= len(y)
    finally:
        if isinstance(stream, Generator):
            stream.close()


def split_blocks(blocks: Iterable[Block], model: LinearModel) -> Iterator[Block]:
    """Split blocks so that each has at most SCORES_AT_ONCE scores."""
    rows = max(1, SCORES_AT_ONCE // len(model.bias))
    for X, y in blocks:
        for start in range(0, len(y), rows):
            end = min(start + rows, len(y))
            yield slice_rows(X, start, end), y[start:end]


def objective_name(hp: Hyperparameters) -> str:
    """Return the original's name of the objective, which distinguishes a weighted cross entropy from a plain one."""
    name = LOSSES[hp.objective.loss].objective
    weighted = hp.objective.loss == "logistic" and hp.objective.positive_example_weight_mult not in (1, None)
    return name.replace("_cross_entropy", "_weighted_cross_entropy") if weighted else name
