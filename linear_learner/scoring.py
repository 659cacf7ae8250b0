"""Turn the chosen candidate into a model, calibrate its threshold and measure it on every channel."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner import metrics, selection
from linear_learner.batches import Block, Rows
from linear_learner.hyperparameters import Hyperparameters
from linear_learner.judging import criterion
from linear_learner.losses import LOSSES
from linear_learner.metrics import Metric
from linear_learner.model import Model
from linear_learner.scaling import Scaler

Floats = NDArray[Any]


def folded(weights: Floats, hp: Hyperparameters, scaler: Scaler) -> Model:
    """Turn one candidate's weights (K, d + 1) into a model for raw data."""
    weight, bias = scaler.fold(weights[:, :-1], weights[:, -1])
    return Model(
        hp.predictor_type,
        hp.loss,
        np.ascontiguousarray(weight.T, np.float32),
        bias.astype(np.float32),
        metrics_params={
            "quantile": None,
            "huber_delta": None,
            "margin": None,
            "loss_insensitivity": None,
            "eps_insensitive_loss_type": None,
            "accuracy_top_k": hp.accuracy_top_k,
            "f_beta": None if hp.predictor_type == "regressor" else hp.f_beta,
            "positive_example_weight_mult": 1.0,
            "class_weights": None,
        },
    )


def calibrated(model: Model, rows: Rows, hp: Hyperparameters, scaler: Scaler) -> Model:
    """Set the threshold of a binary classifier from its own scores of raw rows, those that it will serve."""
    measure = criterion(hp)
    if measure is None:
        return model
    z, y = margins(model, rows.raw(scaler))
    count = min(len(y), hp.num_calibration_samples)
    score = LOSSES[model.loss_type].link(z[:count, 0])
    return replace(model, threshold=selection.calibrate(score, y[:count], measure).threshold)


def margins(model: Model, blocks: Iterable[Block]) -> tuple[Floats, Floats]:
    """Return the margins (n, K) and the labels (n,) of raw blocks."""
    parts = [(model.margin(X), y) for X, y in blocks]
    return np.concatenate([z for z, _ in parts]), np.concatenate([y for _, y in parts])


def final_scores(model: Model, blocks: Iterable[Block], hp: Hyperparameters) -> list[Metric]:
    """Measure the model on raw blocks: its objective first, then the metrics of its predictor type."""
    z, y = margins(model, blocks)
    loss = LOSSES[model.loss_type]
    objective = float(loss.value(z.astype(np.float64), y).mean())
    return [(loss.objective, "loss", objective), *extra_scores(model, z, y, objective, hp)]


def extra_scores(model: Model, z: Floats, y: Floats, objective: float, hp: Hyperparameters) -> Iterable[Metric]:
    """Yield what is measured beside the objective."""
    score = LOSSES[model.loss_type].link(z)
    match model.predictor_type:
        case "regressor":
            return metrics.regressor(y, score[:, 0])
        case "binary_classifier":
            return metrics.binary(y, score[:, 0], model.label(score[:, 0]), objective, hp.f_beta)
        case _:
            return metrics.multiclass(y, score, model.label(score), objective, hp.f_beta, hp.accuracy_top_k)
