"""How much the rows of each class count in the loss."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.hosts import ALONE, Hosts
from linear_learner.hyperparameters import Hyperparameters

Floats = NDArray[Any]


def class_weights(
    hp: Hyperparameters, labels: Floats, models: int, hosts: Hosts = ALONE
) -> tuple[Floats | None, Floats | None]:
    """Return what each class's loss is multiplied by, for each model (M, C) and in the reported objective (C,).

    `labels` (n,) are this host's. None stands for ones. A weight that the user fixed counts in the objective too, so
    that it is what was minimised; with positive_example_weight_mult=auto half the candidates, 1, 2, 5, 6, ..., are
    balanced and all are compared unweighted.
    """
    if hp.predictor_type == "multiclass_classifier" and hp.balance_multiclass_weights:
        weights = balanced(labels, hp.outputs, hosts)
        return np.tile(weights, (models, 1)), weights
    if hp.predictor_type != "binary_classifier" or hp.positive_example_weight_mult == 1:
        return None, None
    by_frequency = balanced(labels, 2, hosts)
    equal = np.array([1.0, by_frequency[1] / by_frequency[0]])
    match hp.positive_example_weight_mult:
        case None:
            return np.array([equal if m % 4 in (1, 2) else (1.0, 1.0) for m in range(models)]), None
        case "balanced":
            weights = equal
        case number:
            weights = np.array([1.0, float(number)])
    return np.tile(weights, (models, 1)), weights


def balanced(labels: Floats, classes: int, hosts: Hosts = ALONE) -> Floats:
    """Return the inverse frequencies n / (C n_c), 1 for a class that does not occur, (C,)."""
    counts = hosts.total(np.bincount(labels.astype(np.int64), minlength=classes))
    return np.divide(counts.sum(), classes * counts, out=np.ones(classes), where=counts > 0)


def row_weights(labels: Floats, objective_weights: Floats | None) -> Floats:
    """Return what the rows with these labels (n,) count in the objective, (1, n)."""
    if objective_weights is None:
        return np.ones((1, len(labels)), np.float32)
    return objective_weights[labels.astype(np.int64)][None, :].astype(np.float32)
