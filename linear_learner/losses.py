"""The losses: a formula in numpy to report, the same formula and its gradient as MXNet operators to train."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]


@dataclass(frozen=True)
class Loss:
    """One loss; `z` is what the linear model puts out, (n, K), and `y` the label, (n,).

    `value` is the loss of each row, (n,); `link` turns z into a score of the same shape.
    `graph(F, z, y, M, K)` builds the loss (n, M) and its gradient (n, M * K) of M models at once from
    `z` (n, M * K) and `y` (n, 1) with F, MXNet's `nd` or `sym`. Where z and y are c times as large, the loss is
    c ** degree times as large.
    """

    name: str
    objective: str
    value: Callable[[Floats, Floats], Floats]
    link: Callable[[Floats], Floats]
    graph: Callable[[Any, Any, Any, int, int], tuple[Any, Any]]
    degree: int = 0


def logistic_value(z: Floats, y: Floats) -> Floats:
    """Return log(1 + exp(z)) - y z."""
    return np.asarray(np.logaddexp(0, z[:, 0]) - y * z[:, 0])


def logistic_link(z: Floats) -> Floats:
    """Return 1 / (1 + exp(-z)) without overflow."""
    e = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1, e) / (1 + e))


def logistic_graph(F: Any, z: Any, y: Any, M: int, K: int) -> tuple[Any, Any]:
    """Return log(1 + exp(z)) - y z and p - y."""
    value = F.Activation(z, act_type="softrelu") - F.broadcast_mul(z, y)
    return value, F.broadcast_sub(F.Activation(z, act_type="sigmoid"), y)


def squared_value(z: Floats, y: Floats) -> Floats:
    """Return (z - y)^2."""
    return np.asarray((z[:, 0] - y) ** 2)


def identity(z: Floats) -> Floats:
    """Return z."""
    return z


def squared_graph(F: Any, z: Any, y: Any, M: int, K: int) -> tuple[Any, Any]:
    """Return (z - y)^2 and z - y: the original reports without the half that its gradient has."""
    error = F.broadcast_sub(z, y)
    return F.square(error), error


def log_softmax(z: Floats) -> Floats:
    """Return the logarithm of the softmax over the classes."""
    shifted = z - z.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def softmax_value(z: Floats, y: Floats) -> Floats:
    """Return minus the logarithm of the true class's probability."""
    return np.asarray(-log_softmax(z)[np.arange(len(y)), y.astype(np.int64)])


def softmax_link(z: Floats) -> Floats:
    """Return the probability of each class."""
    return np.asarray(np.exp(log_softmax(z)))


def softmax_graph(F: Any, z: Any, y: Any, M: int, K: int) -> tuple[Any, Any]:
    """Return minus the logarithm of the true class's probability and p - onehot(y)."""
    rows = F.reshape(z, shape=(-1, K))
    label = F.repeat(F.reshape(y, shape=(-1,)), repeats=M)
    value = 0 - F.pick(F.log_softmax(rows), label)
    gradient = F.softmax(rows) - F.one_hot(label, depth=K)
    return F.reshape(value, shape=(-1, M)), F.reshape(gradient, shape=(-1, M * K))


LOSSES = {
    loss.name: loss
    for loss in (
        Loss(
            "logistic", "binary_classification_cross_entropy_objective", logistic_value, logistic_link, logistic_graph
        ),
        Loss("squared_loss", "mse_objective", squared_value, identity, squared_graph, degree=2),
        Loss("softmax_loss", "multiclass_cross_entropy_objective", softmax_value, softmax_link, softmax_graph),
    )
}
