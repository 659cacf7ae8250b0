"""Class weights: how much the rows of each class count in the loss."""

import numpy as np

from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.options.hyperparameters import Hyperparameters
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.types.arrays import Float32s, Float64s


def build_objective(hp: Hyperparameters, rows: AnyRows, models: int, hosts: Hosts = SINGLE_HOST) -> Objective:
    """Return the objective that the user asked for, of this many models; `rows` are this host's."""
    by_row = rows.row_weights
    weights, reported = class_weights(hp, rows.labels, models, hosts, by_row)
    loss = hp.objective
    return Objective(LOSSES[loss.loss], loss.loss_parameter, weights, reported, loss.use_bias, by_row is not None)


def class_weights(
    hp: Hyperparameters,
    labels: Float32s,
    models: int,
    hosts: Hosts = SINGLE_HOST,
    by_row: Float32s | None = None,
) -> tuple[Float64s | None, Float64s | None]:
    """Return the class weights of each model's loss, (M, C), and of the reported objective, (C,); None where all are 1.

    `labels` (n,) and `by_row` (n,), how much each row counts, are this host's. A weight that the user fixed applies to
    the objective too, so that the reported objective is the minimised one. With positive_example_weight_mult=auto half
    of the candidates (1, 2, 5, 6, ...) are balanced, and all of them are compared unweighted.
    """
    if hp.predictor_type == "multiclass_classifier" and hp.objective.balance_multiclass_weights:
        weights = balanced_weights(labels, hp.outputs, hosts, by_row)
        return np.tile(weights, (models, 1)), weights
    if hp.predictor_type != "binary_classifier" or hp.objective.positive_example_weight_mult == 1:
        return None, None
    by_frequency = balanced_weights(labels, 2, hosts, by_row)
    equal = np.array([1.0, by_frequency[1] / by_frequency[0]])
    match hp.objective.positive_example_weight_mult:
        case None:
            return np.array([equal if m % 4 in (1, 2) else (1.0, 1.0) for m in range(models)]), None
        case "balanced":
            weights = equal
        case number:
            weights = np.array([1.0, float(number)])
    return np.tile(weights, (models, 1)), weights


def balanced_weights(
    labels: Float32s, classes: int, hosts: Hosts = SINGLE_HOST, by_row: Float32s | None = None
) -> Float64s:
    """Return the inverse class frequencies n / (C n_c), (C,); 1 for a class without rows."""
    counts = hosts.all_reduce(np.bincount(labels.astype(np.int64), by_row, minlength=classes))
    return np.divide(counts.sum(), classes * counts, out=np.ones(classes), where=counts > 0)


def reported_row_weights(rows: AnyRows, objective_weights: Float64s | None) -> Float32s:
    """Return the weight in the reported objective of each row, (1, n), where those of its classes are (C,)."""
    weights = np.ones(len(rows)) if rows.row_weights is None else rows.row_weights
    if objective_weights is not None:
        weights = weights * objective_weights[rows.labels.astype(np.int64)]
    return weights[None, :].astype(np.float32)
