"""Optimizers as MXNet operators, applied to the rows of a weight matrix whose models share the same constants."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from open_algorithms.learning.engine.expressions import Operators, Symbol
from open_algorithms.learning.engine.graph import add_in_place, operator_placeholder
from open_algorithms.learning.types.arrays import Float64s, Int64s

Coefficient = TypeVar("Coefficient")
Constants = Mapping[str, float]
EPSILON = 1e-8
RMSPROP_DECAY = 0.9


class OptimizerTerms(NamedTuple, Generic[Coefficient]):
    """The coefficients of one update, in one formula for every optimizer.

    For the gradient g:

    m = keep_first m + add_first g
    v = keep_second v + add_second g^2
    w = w - rate m / (sqrt(v + inside_root) + outside_root)
    """

    keep_first: Coefficient
    add_first: Coefficient
    keep_second: Coefficient
    add_second: Coefficient
    inside_root: Coefficient
    outside_root: Coefficient
    rate: Coefficient


@dataclass(frozen=True)
class Optimizer:
    """An optimizer.

    `update(F, weights, gradient, states, rate, constants, scale)` builds the operators that change weights and states
    in place and returns the symbol of the new weights. `rate` holds each weight's learning rate; the gradient has still
    to be multiplied by `scale`. `terms(rate, constants)` returns the same update as the coefficients of one formula.
    `rate_correction(t, constants)` returns the factors of the learning rate at updates t = 1, 2, ..., (T,).
    """

    name: str
    state_count: int
    update: Callable[[Operators, Symbol, Symbol, list[Symbol], Symbol, Constants, float], Symbol]
    terms: Callable[[float, Constants], OptimizerTerms[float]]
    rate_correction: Callable[[Int64s, Constants], Float64s] = lambda t, constants: np.ones(len(t))


def adam_update(
    F: Operators,
    weights: Symbol,
    gradient: Symbol,
    states: list[Symbol],
    rate: Symbol,
    constants: Constants,
    scale: float,
) -> Symbol:
    """Step along the first moment over the root of the second (Kingma and Ba 2015, as MXNet computes it)."""
    attributes = {"lr": 1.0, "epsilon": EPSILON, "rescale_grad": scale}
    attributes |= {"beta1": constants["beta_1"], "beta2": constants["beta_2"]}
    step = operator_placeholder(F, "adam_update", F.zeros_like(gradient), gradient, *states, attributes=attributes)
    return add_in_place(F, weights, rate * step)


def adam_rate_correction(t: Int64s, constants: Constants) -> Float64s:
    """Return Adam's bias correction of both moments, as a factor of the learning rate, (T,)."""
    return np.asarray(np.sqrt(1 - constants["beta_2"] ** t) / (1 - constants["beta_1"] ** t))


def sgd_update(
    F: Operators,
    weights: Symbol,
    gradient: Symbol,
    states: list[Symbol],
    rate: Symbol,
    constants: Constants,
    scale: float,
) -> Symbol:
    """Step against the gradient, with momentum if there is any."""
    attributes = {"lr": 1.0, "momentum": constants["momentum"], "rescale_grad": scale}
    step = rate * gradient
    return operator_placeholder(F, "mp_sgd_mom_update", step, step, *states, weights, attributes=attributes)


def rmsprop_update(
    F: Operators,
    weights: Symbol,
    gradient: Symbol,
    states: list[Symbol],
    rate: Symbol,
    constants: Constants,
    scale: float,
) -> Symbol:
    """Step along the gradient over the root of its decaying mean square (Tieleman and Hinton 2012)."""
    attributes = {"lr": 1.0, "gamma1": RMSPROP_DECAY, "epsilon": EPSILON, "rescale_grad": scale}
    step = operator_placeholder(F, "rmsprop_update", F.zeros_like(gradient), gradient, *states, attributes=attributes)
    return add_in_place(F, weights, rate * step)


def adagrad_update(
    F: Operators,
    weights: Symbol,
    gradient: Symbol,
    states: list[Symbol],
    rate: Symbol,
    constants: Constants,
    scale: float,
) -> Symbol:
    """Step along the gradient over the root of the sum of its squares (Duchi, Hazan and Singer 2011)."""
    mean = gradient * scale
    history = add_in_place(F, states[0], F.square(mean))
    return add_in_place(F, weights, 0 - rate * mean / F.sqrt(history + EPSILON))


def adam_terms(rate: float, constants: Constants) -> OptimizerTerms[float]:
    """Return the coefficients of an Adam update."""
    first, second = constants["beta_1"], constants["beta_2"]
    return OptimizerTerms(first, 1 - first, second, 1 - second, 0, EPSILON, rate)


def sgd_terms(rate: float, constants: Constants) -> OptimizerTerms[float]:
    """Return the coefficients of an SGD update; the first moment is the negative velocity."""
    return OptimizerTerms(constants["momentum"], rate, 0, 0, 0, 1, 1)


def rmsprop_terms(rate: float, constants: Constants) -> OptimizerTerms[float]:
    """Return the coefficients of an RMSProp update."""
    return OptimizerTerms(0, 1, RMSPROP_DECAY, 1 - RMSPROP_DECAY, EPSILON, 0, rate)


def adagrad_terms(rate: float, constants: Constants) -> OptimizerTerms[float]:
    """Return the coefficients of an AdaGrad update."""
    return OptimizerTerms(0, 1, 1, 1, EPSILON, 0, rate)


OPTIMIZERS = {
    optimizer.name: optimizer
    for optimizer in (
        Optimizer("sgd", 1, sgd_update, sgd_terms),
        Optimizer("adam", 2, adam_update, adam_terms, adam_rate_correction),
        Optimizer("rmsprop", 1, rmsprop_update, rmsprop_terms),
        Optimizer("adagrad", 1, adagrad_update, adagrad_terms),
    )
}
