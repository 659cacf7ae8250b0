"""Class weights: how much the rows of each class count in the loss."""

import numpy as np

from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.options.hyperparameters import Hyperparameters
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.types.arrays import Float32s, Float64s


def build_objective(hp: Hyperparameters, labels: Float32s, models: int, hosts: Hosts = SINGLE_HOST) -> Objective:
    """Return the objective that the user asked for, of this many models; `labels` (n,) are this host's."""
    weights, reported = class_weights(hp, labels, models, hosts)
    loss = hp.objective
    return Objective(LOSSES[loss.loss], loss.loss_parameter, weights, reported, loss.use_bias)


def class_weights(
    hp: Hyperparameters, labels: Float32s, models: int, hosts: Hosts = SINGLE_HOST
) -> tuple[Float64s | None, Float64s | None]:
    """Return the class weights of each model's loss, (M, C), and of the reported objective, (C,); None where all are 1.

    `labels` (n,) are this host's. A weight that the user fixed applies to the objective too, so that the reported
    objective is the minimised one. With positive_example_weight_mult=auto half of the candidates (1, 2, 5, 6, ...) are
    balanced, and all of them are compared unweighted.
    """
    if hp.predictor_type == "multiclass_classifier" and hp.objective.balance_multiclass_weights:
        weights = balanced_weights(labels, hp.outputs, hosts)
        return np.tile(weights, (models, 1)), weights
    if hp.predictor_type != "binary_classifier" or hp.objective.positive_example_weight_mult == 1:
        return None, None
    by_frequency = balanced_weights(labels, 2, hosts)
    equal = np.array([1.0, by_frequency[1] / by_frequency[0]])
    match hp.objective.positive_example_weight_mult:
        case None:
            return np.array([equal if m % 4 in (1, 2) else (1.0, 1.0) for m in range(models)]), None
        case "balanced":
            weights = equal
        case number:
            weights = np.array([1.0, float(number)])
    return np.tile(weights, (models, 1)), weights


def balanced_weights(labels: Float32s, classes: int, hosts: Hosts = SINGLE_HOST) -> Float64s:
    """Return the inverse class frequencies n / (C n_c), (C,); 1 for a class without rows."""
    counts = hosts.all_reduce(np.bincount(labels.astype(np.int64), minlength=classes))
    return np.divide(counts.sum(), classes * counts, out=np.ones(classes), where=counts > 0)


def row_weights(labels: Float32s, objective_weights: Float64s | None) -> Float32s:
    """Return the weight in the objective of each row with these labels (n,), (1, n)."""
    if objective_weights is None:
        return np.ones((1, len(labels)), np.float32)
    return objective_weights[labels.astype(np.int64)][None, :].astype(np.float32)
