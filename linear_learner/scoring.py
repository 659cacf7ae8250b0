"""Turn the chosen candidate into a model, calibrate its threshold and measure it on every channel."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner import metrics, selection
from linear_learner.batches import Block, Rows
from linear_learner.errors import InputError
from linear_learner.hyperparameters import Hyperparameters
from linear_learner.judging import criterion
from linear_learner.losses import LOSSES
from linear_learner.metrics import Metric
from linear_learner.model import Model
from linear_learner.report import Log
from linear_learner.scaling import Scaler

Floats = NDArray[Any]


def folded(weights: Floats, hp: Hyperparameters, scaler: Scaler, class_weights: Floats | None) -> Model:
    """Turn one candidate's weights (K, d + 1) into a model for raw data; `class_weights` (C,) are the objective's."""
    weight, bias = scaler.fold(weights[:, :-1], weights[:, -1])
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise InputError(
            "The model's weights for the raw features are beyond what float32 can hold. Bring features and label to "
            "more usual units."
        )
    loss = LOSSES[hp.loss]
    own = {loss.parameter: hp.loss_parameter * (scaler.label_deviation if loss.in_label_units else 1)}
    kind = {"eps_insensitive_squared_loss": "squared", "eps_insensitive_absolute_loss": "absolute"}.get(hp.loss)
    binary = hp.predictor_type == "binary_classifier"
    return Model(
        hp.predictor_type,
        hp.loss,
        np.ascontiguousarray(weight.T),
        bias,
        metrics_params={
            **{name: own.get(name) for name in ("quantile", "huber_delta", "margin", "loss_insensitivity")},
            "eps_insensitive_loss_type": kind,
            "accuracy_top_k": hp.accuracy_top_k,
            "f_beta": None if hp.predictor_type == "regressor" else hp.f_beta,
            "positive_example_weight_mult": 1.0 if class_weights is None or not binary else float(class_weights[1]),
            "class_weights": None if class_weights is None or binary else class_weights.tolist(),
        },
    )


def calibrated(model: Model, rows: Rows, hp: Hyperparameters, scaler: Scaler, log: Log) -> Model:
    """Set the threshold of a binary classifier from its own scores of raw rows, those that it will serve."""
    measure = criterion(hp)
    if measure is None:
        return model
    z, y = margins(model, rows.raw(scaler))
    count = min(len(y), hp.num_calibration_samples)
    found = selection.calibrate(LOSSES[model.loss_type].link(z[:count, 0]), y[:count], measure)
    if found.value < 0:
        log.warning(
            f"No threshold reaches the target of {hp.binary_classifier_model_selection_criteria} on the calibration "
            f"rows; the nearest, which is taken, misses it by {-found.value:.6g}."
        )
    return replace(model, threshold=found.threshold)


def margins(model: Model, blocks: Iterable[Block]) -> tuple[Floats, Floats]:
    """Return the margins (n, K) and the labels (n,) of raw blocks."""
    parts = [(model.margin(X), y) for X, y in blocks]
    return np.concatenate([z for z, _ in parts]), np.concatenate([y for _, y in parts])


def final_scores(
    model: Model, blocks: Iterable[Block], hp: Hyperparameters, class_weights: Floats | None
) -> list[Metric]:
    """Measure the model on raw blocks: its objective first, then the metrics of its predictor type."""
    z, y = margins(model, blocks)
    loss = LOSSES[model.loss_type]
    losses = loss.value(z.astype(np.float64), y, float(model.metrics_params.get(loss.parameter or "") or 0))
    objective = losses if class_weights is None else losses * class_weights[y.astype(np.int64)]
    return [(objective_name(hp), "loss", float(objective.mean())), *extra_scores(model, z, y, losses, hp)]


def extra_scores(model: Model, z: Floats, y: Floats, losses: Floats, hp: Hyperparameters) -> Iterator[Metric]:
    """Yield what is measured beside the objective."""
    score = LOSSES[model.loss_type].link(z)
    match model.predictor_type:
        case "regressor":
            yield from metrics.regressor(y, score[:, 0])
        case "binary_classifier":
            yield from metrics.binary(y, score[:, 0], model.label(score[:, 0]), hp.f_beta)
            if model.loss_type == "logistic":
                yield "binary_log_loss", "score", float(losses.mean())
        case _:
            yield from metrics.multiclass(y, score, model.label(score), hp.f_beta, hp.accuracy_top_k)
            yield "multiclass_log_loss", "score", float(losses.mean())


def objective_name(hp: Hyperparameters) -> str:
    """Name the objective as the original does, which tells a weighted cross entropy from a plain one."""
    name = LOSSES[hp.loss].objective
    weighted = hp.loss == "logistic" and hp.positive_example_weight_mult not in (1, None)
    return name.replace("_cross_entropy", "_weighted_cross_entropy") if weighted else name
