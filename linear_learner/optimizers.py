"""The optimizers, as MXNet operators over the rows of a weight matrix that share the same constants."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linear_learner.compiled import fused

Times = NDArray[Any]

EPSILON = 1e-8
RMSPROP_DECAY = 0.9


class Terms(NamedTuple):
    """One update of any optimizer, for gradient g, as one formula that all of them share.

    m = keep_first m + add_first g
    v = keep_second v + add_second g^2
    w = w - rate m / (sqrt(v + inside) + outside)
    """

    keep_first: Any
    add_first: Any
    keep_second: Any
    add_second: Any
    inside: Any
    outside: Any
    rate: Any


@dataclass(frozen=True)
class Optimizer:
    """One family.

    `update(F, gradient, states, rate, constants)` returns the change of the weights and the new states, as graphs of
    the weights' shape; `rate` is each weight's learning rate. An operator that renews a state in place, like MXNet's
    fused ones, returns no new states. `terms(rate, constants)` says the same as numbers.
    `correction(t, constants)` multiplies the learning rates at updates t = 1, 2, ..., (T,).
    """

    name: str
    states: int
    update: Callable[[Any, Any, list[Any], Any, Mapping[str, float]], tuple[Any, list[Any]]]
    terms: Callable[[float, Mapping[str, float]], Terms]
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


def adam_terms(rate: float, constants: Mapping[str, float]) -> Terms:
    """Write Adam as terms."""
    first, second = constants["beta_1"], constants["beta_2"]
    return Terms(first, 1 - first, second, 1 - second, 0, EPSILON, rate)


def sgd_terms(rate: float, constants: Mapping[str, float]) -> Terms:
    """Write SGD as terms: the first moment is the velocity, against its sign."""
    return Terms(constants["momentum"], rate, 0, 0, 0, 1, 1)


def rmsprop_terms(rate: float, constants: Mapping[str, float]) -> Terms:
    """Write RMSProp as terms."""
    return Terms(0, 1, RMSPROP_DECAY, 1 - RMSPROP_DECAY, EPSILON, 0, rate)


def adagrad_terms(rate: float, constants: Mapping[str, float]) -> Terms:
    """Write AdaGrad as terms."""
    return Terms(0, 1, 1, 1, EPSILON, 0, rate)


OPTIMIZERS = {
    optimizer.name: optimizer
    for optimizer in (
        Optimizer("sgd", 1, sgd, sgd_terms),
        Optimizer("adam", 2, adam, adam_terms, adam_correction),
        Optimizer("rmsprop", 1, rmsprop, rmsprop_terms),
        Optimizer("adagrad", 1, adagrad, adagrad_terms),
    )
}
