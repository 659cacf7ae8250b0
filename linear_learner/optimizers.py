"""The optimizers, as MXNet operators over the rows of a weight matrix that share the same constants."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.compiled import fused

Times = NDArray[Any]

EPSILON = 1e-8
RMSPROP_DECAY = 0.9


@dataclass(frozen=True)
class Optimizer:
    """One family.

    `update(F, gradient, states, rate, constants)` returns the change of the weights and the new states, as graphs of
    the weights' shape; `rate` is each weight's learning rate. An operator that renews a state in place, like MXNet's
    fused ones, returns no new states. `correction(t, constants)` multiplies the learning
    rates at updates t = 1, 2, ..., (T,).
    """

    name: str
    states: int
    update: Callable[[Any, Any, list[Any], Any, Mapping[str, float]], tuple[Any, list[Any]]]
    correction: Callable[[Times, Mapping[str, float]], Times] = lambda t, constants: np.ones(len(t))


def adam(
    F: Any,
    gradient: Any,
    states: list[Any],
    rate: Any,
    constants: Mapping[str, float],
) -> tuple[Any, list[Any]]:
    """Step along the first moment over the root of the second (Kingma and Ba 2015, as MXNet computes it)."""
    direction = fused(
        F,
        "adam_update",
        F.zeros_like(gradient),
        gradient,
        *states,
        lr=1.0,
        beta1=constants["beta_1"],
        beta2=constants["beta_2"],
        epsilon=EPSILON,
    )
    return rate * direction, []


def adam_correction(t: Times, constants: Mapping[str, float]) -> Times:
    """Correct both moments for their start at zero."""
    return np.asarray(np.sqrt(1 - constants["beta_2"] ** t) / (1 - constants["beta_1"] ** t))


def sgd(
    F: Any,
    gradient: Any,
    states: list[Any],
    rate: Any,
    constants: Mapping[str, float],
) -> tuple[Any, list[Any]]:
    """Step against the gradient, with momentum if there is any."""
    velocity = constants["momentum"] * states[0] - rate * gradient
    return velocity, [velocity]


def rmsprop(
    F: Any,
    gradient: Any,
    states: list[Any],
    rate: Any,
    constants: Mapping[str, float],
) -> tuple[Any, list[Any]]:
    """Step along the gradient over the root of its decaying mean square (Tieleman and Hinton 2012)."""
    direction = fused(
        F,
        "rmsprop_update",
        F.zeros_like(gradient),
        gradient,
        *states,
        lr=1.0,
        gamma1=RMSPROP_DECAY,
        epsilon=EPSILON,
    )
    return rate * direction, []


def adagrad(
    F: Any,
    gradient: Any,
    states: list[Any],
    rate: Any,
    constants: Mapping[str, float],
) -> tuple[Any, list[Any]]:
    """Step along the gradient over the root of the sum of its squares (Duchi, Hazan and Singer 2011)."""
    history = states[0] + F.square(gradient)
    return 0 - rate * gradient / F.sqrt(history + EPSILON), [history]


OPTIMIZERS = {
    optimizer.name: optimizer
    for optimizer in (
        Optimizer("sgd", 1, sgd),
        Optimizer("adam", 2, adam, adam_correction),
        Optimizer("rmsprop", 1, rmsprop),
        Optimizer("adagrad", 1, adagrad),
    )
}
