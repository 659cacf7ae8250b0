"""Losses: a formula in numpy for reports; the same formula and its gradient as MXNet operators."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from linear_learner.objective.kinks import (
    RoundedGraph,
    rounded_absolute,
    rounded_hinge,
    rounded_insensitive_absolute,
    rounded_insensitive_squared,
    rounded_quantile,
)
from open_algorithms.learning.engine.expressions import Expression, Operators
from open_algorithms.learning.types.arrays import Floats

ValueAndGradient = tuple[Expression, Expression]
LossValue = Callable[[Floats, Floats, float], Floats]
LossGraph = Callable[[Operators, Expression, Expression, int, int, float], ValueAndGradient]
SignedLossGraph = Callable[[Operators, Expression], ValueAndGradient]


def identity_link(z: Floats) -> Floats:
    """Return z."""
    return z


@dataclass(frozen=True)
class Loss:
    """One loss function of the linear model's output `z`, (n, K), and the label `y`, (n,).

    `objective` is its name in logs and metrics, with a model of `predictor_type`. `value(z, y, a)` returns the loss of
    each row, (n,). `link` maps z to scores of the same shape. `a` is the value of the loss's own hyperparameter, whose
    name is `parameter_name`; its unit is the label's to the power `label_power`. It is taken for 0 where a model does
    not tell it, and the loss must be finite then, too. `graph(F, z, y, M, K, a)` builds the losses (n, M) and the
    gradient (n, M * K) of M models at once, from `z` (n, M * K) and `y` (n, 1), with F being MXNet's `nd` or `sym`. The
    gradient is that of `gradient_factor` times the value. Scaling z and y by c, and `a` by c ** label_power, scales the
    loss by c ** degree. `signed_graph(F, u)` is for losses in which a label of 0 or 1 only sets a sign: u is z for
    label 0 and -z for label 1. It builds the losses (n, M) and the gradient by u (n, M), so that rows of label 1 can be
    negated beforehand and the labels dropped. A loss whose gradient is not continuous has a `rounded_graph(F, z, y, a,
    width)`: the loss, the gradient and the curvature (n, M) of M models of one output, with kinks that are rounded over
    a `width` (1, M) of z to either side.
    """

    name: str
    predictor_type: str
    objective: str
    value: LossValue
    graph: LossGraph
    link: Callable[[Floats], Floats] = identity_link
    parameter_name: str | None = None
    label_power: int = 0
    degree: int = 0
    gradient_factor: float = 1.0
    signed_graph: SignedLossGraph | None = None
    rounded_graph: RoundedGraph | None = None

    @property
    def is_smooth(self) -> bool:
        """Whether the gradient is continuous, so that there are no kinks to round."""
        return self.rounded_graph is None

    @property
    def takes_signed_rows(self) -> bool:
        """Whether rows of label 1 are negated beforehand."""
        return self.signed_graph is not None


def logistic_value(z: Floats, y: Floats, a: float) -> Floats:
    """Return log(1 + exp(z)) - y z."""
    return np.asarray(np.logaddexp(0, z[:, 0]) - y * z[:, 0])


def logistic_link(z: Floats) -> Floats:
    """Return 1 / (1 + exp(-z)) without overflow."""
    e = np.exp(-np.abs(z))
    return np.asarray(np.maximum(e, z >= 0) / (1 + e))


def logistic_graph(F: Operators, z: Expression, y: Expression, M: int, K: int, a: float) -> ValueAndGradient:
    """Return log(1 + exp(z)) - y z and p - y."""
    value = F.Activation(z, act_type="softrelu") - F.broadcast_mul(z, y)
    return value, F.broadcast_sub(F.Activation(z, act_type="sigmoid"), y)


def signed_logistic_graph(F: Operators, u: Expression) -> ValueAndGradient:
    """Return log(1 + exp(u)) and 1 / (1 + exp(-u))."""
    return F.Activation(u, act_type="softrelu"), F.Activation(u, act_type="sigmoid")


def hinge_value(z: Floats, y: Floats, a: float) -> Floats:
    """Return y ((a + 1) / 2 - z)+ + (1 - y) ((a - 1) / 2 + z)+, the hinge for labels 0 and 1 with margin a."""
    side = np.where(y > 0, -1, 1)
    return np.asarray(np.maximum(a / 2 + side * (z[:, 0] - 0.5), 0))


def hinge_graph(F: Operators, z: Expression, y: Expression, M: int, K: int, a: float) -> ValueAndGradient:
    """Return (a / 2 + s (z - 1/2))+ and s where that is positive; s is -1 for label 1, 1 for label 0."""
    side = 1 - 2 * y
    value = F.relu(F.broadcast_mul(z - 0.5, side) + a / 2)
    return value, F.broadcast_mul(value > 0, side)


def squared_value(z: Floats, y: Floats, a: float) -> Floats:
    """Return (z - y)^2."""
    return np.asarray((z[:, 0] - y) ** 2)


def squared_graph(F: Operators, z: Expression, y: Expression, M: int, K: int, a: float) -> ValueAndGradient:
    """Return (z - y)^2 and z - y."""
    error = F.broadcast_sub(z, y)
    return F.square(error), error


def absolute_value(z: Floats, y: Floats, a: float) -> Floats:
    """Return |z - y|."""
    return np.asarray(np.abs(z[:, 0] - y))


def absolute_graph(F: Operators, z: Expression, y: Expression, M: int, K: int, a: float) -> ValueAndGradient:
    """Return |z - y| and its sign."""
    error = F.broadcast_sub(z, y)
    return F.abs(error), F.sign(error)


def quantile_value(z: Floats, y: Floats, a: float) -> Floats:
    """Return a (y - z)+ + (1 - a) (z - y)+."""
    error = z[:, 0] - y
    return np.asarray(np.where(error < 0, -a, 1 - a) * error)


def quantile_graph(F: Operators, z: Expression, y: Expression, M: int, K: int, a: float) -> ValueAndGradient:
    """Return a (y - z)+ + (1 - a) (z - y)+ and its derivative."""
    error = F.broadcast_sub(z, y)
    slope = (1 - a) * (error > 0) - a * (error < 0)
    return slope * error, slope


def huber_value(z: Floats, y: Floats, a: float) -> Floats:
    """Return e^2 / 2 for errors e up to a, a |e| - a^2 / 2 beyond (Huber 1964)."""
    error = z[:, 0] - y
    slope = np.clip(error, -a, a)
    return np.asarray(slope * (error - slope / 2))


def huber_graph(F: Operators, z: Expression, y: Expression, M: int, K: int, a: float) -> ValueAndGradient:
    """Return the Huber loss and the clipped error."""
    error = F.broadcast_sub(z, y)
    slope = F.clip(error, -a, a)
    return slope * (error - 0.5 * slope), slope


def insensitive_squared_value(z: Floats, y: Floats, a: float) -> Floats:
    """Return (e^2 - a^2)+."""
    return np.asarray(np.maximum((z[:, 0] - y) ** 2 - a * a, 0))


def insensitive_squared_graph(F: Operators, z: Expression, y: Expression, M: int, K: int, a: float) -> ValueAndGradient:
    """Return (e^2 - a^2)+ and e where that is positive."""
    error = F.broadcast_sub(z, y)
    value = F.relu(F.square(error) - a * a)
    return value, error * (value > 0)


def insensitive_absolute_value(z: Floats, y: Floats, a: float) -> Floats:
    """Return (|e| - a)+."""
    return np.asarray(np.maximum(np.abs(z[:, 0] - y) - a, 0))


def insensitive_absolute_graph(
    F: Operators, z: Expression, y: Expression, M: int, K: int, a: float
) -> ValueAndGradient:
    """Return (|e| - a)+ and the sign of e where that is positive."""
    error = F.broadcast_sub(z, y)
    value = F.relu(F.abs(error) - a)
    return value, F.sign(error) * (value > 0)


def log_softmax(z: Floats) -> Floats:
    """Return the logarithm of the softmax over the classes."""
    shifted = z - z.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def softmax_value(z: Floats, y: Floats, a: float) -> Floats:
    """Return the negative log-probability of the true class, (n,)."""
    return np.asarray(-log_softmax(z)[np.arange(len(y)), y.astype(np.int64)])


def softmax_link(z: Floats) -> Floats:
    """Return the probability of each class."""
    return np.asarray(np.exp(log_softmax(z)))


def softmax_graph(F: Operators, z: Expression, y: Expression, M: int, K: int, a: float) -> ValueAndGradient:
    """Return the negative log-probability of the true class and its gradient p - onehot(y)."""
    rows = F.reshape(z, shape=(-1, K))
    label = F.repeat(F.reshape(y, shape=(-1,)), repeats=M)
    value = 0 - F.pick(F.log_softmax(rows), label)
    gradient = F.softmax(rows) - F.one_hot(label, depth=K)
    return F.reshape(value, shape=(-1, M)), F.reshape(gradient, shape=(-1, M * K))


LOSSES = {  # of each predictor type the first is what auto stands for
    loss.name: loss
    for loss in (
        Loss(
            "logistic",
            "binary_classifier",
            "binary_classification_cross_entropy_objective",
            logistic_value,
            logistic_graph,
            logistic_link,
            signed_graph=signed_logistic_graph,
        ),
        Loss(
            "hinge_loss",
            "binary_classifier",
            "hinge_loss_objective",
            hinge_value,
            hinge_graph,
            parameter_name="margin",
            rounded_graph=rounded_hinge,
        ),
        Loss(
            "softmax_loss",
            "multiclass_classifier",
            "multiclass_cross_entropy_objective",
            softmax_value,
            softmax_graph,
            softmax_link,
        ),
        # The original reports squares without the half that its gradient has.
        Loss(
            "squared_loss",
            "regressor",
            "mse_objective",
            squared_value,
            squared_graph,
            degree=2,
            gradient_factor=0.5,
        ),
        Loss(
            "absolute_loss",
            "regressor",
            "absolute_loss_objective",
            absolute_value,
            absolute_graph,
            degree=1,
            rounded_graph=rounded_absolute,
        ),
        Loss(
            "quantile_loss",
            "regressor",
            "quantile_loss_objective",
            quantile_value,
            quantile_graph,
            parameter_name="quantile",
            degree=1,
            rounded_graph=rounded_quantile,
        ),
        Loss(
            "huber_loss",
            "regressor",
            "huber_loss_objective",
            huber_value,
            huber_graph,
            parameter_name="huber_delta",
            label_power=1,
            degree=2,
        ),
        Loss(
            "eps_insensitive_squared_loss",
            "regressor",
            "eps_insensitive_squared_loss_objective",
            insensitive_squared_value,
            insensitive_squared_graph,
            parameter_name="loss_insensitivity",
            label_power=1,
            degree=2,
            gradient_factor=0.5,
            rounded_graph=rounded_insensitive_squared,
        ),
        Loss(
            "eps_insensitive_absolute_loss",
            "regressor",
            "eps_insensitive_absolute_loss_objective",
            insensitive_absolute_value,
            insensitive_absolute_graph,
            parameter_name="loss_insensitivity",
            label_power=1,
            degree=1,
            rounded_graph=rounded_insensitive_absolute,
        ),
    )
}

LOSSES_BY_PREDICTOR = {
    predictor: tuple(loss.name for loss in LOSSES.values() if loss.predictor_type == predictor)
    for predictor in dict.fromkeys(loss.predictor_type for loss in LOSSES.values())
}
