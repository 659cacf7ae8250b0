"""Each loss: its graph is its formula, and its gradient is the slope of it."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, log_softmax

from linear_learner.engine import mx
from linear_learner.losses import LOSSES

MODELS, ROWS = 3, 7


def example(name: str) -> tuple[NDArray[Any], NDArray[Any], int]:
    """Return margins (n, M * K) away from kinks, labels (n,) and K."""
    generator = np.random.default_rng(3)
    classes = 4 if name == "softmax_loss" else 1
    z = generator.normal(0, 2, (ROWS, MODELS * classes)).astype(np.float32)
    y = generator.normal(size=ROWS) if name == "squared_loss" else generator.integers(0, max(classes, 2), ROWS)
    return z, y.astype(np.float32), classes


def graph(name: str, z: NDArray[Any], y: NDArray[Any], classes: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Run a loss's operators."""
    value, gradient = LOSSES[name].graph(
        mx.nd, mx.nd.from_numpy(z.copy()), mx.nd.from_numpy(y[:, None].copy()), MODELS, classes
    )
    return value.asnumpy(), gradient.asnumpy()


def formula(name: str, z: NDArray[Any], y: NDArray[Any], classes: int) -> NDArray[Any]:
    """Evaluate a loss's formula for every model, (n, M)."""
    per_model = z.reshape(len(z), MODELS, classes).astype(np.float64)
    return np.stack([LOSSES[name].value(per_model[:, m], y) for m in range(MODELS)], axis=1)


@pytest.mark.parametrize("name", LOSSES)
def test_the_operators_compute_the_formula(name: str) -> None:
    z, y, classes = example(name)
    value, _ = graph(name, z, y, classes)
    np.testing.assert_allclose(value, formula(name, z, y, classes), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_the_central_difference_of_the_formula(name: str) -> None:
    z, y, classes = example(name)
    _, gradient = graph(name, z, y, classes)
    step = 1e-4
    # squared_loss is reported without the half that its gradient is taken with
    half = 0.5 if name == "squared_loss" else 1.0
    for column in range(z.shape[1]):
        up, down = z.astype(np.float64), z.astype(np.float64)
        up[:, column] += step
        down[:, column] -= step
        slope = half * (formula(name, up, y, classes) - formula(name, down, y, classes)).sum(axis=1) / (2 * step)
        np.testing.assert_allclose(gradient[:, column], slope, rtol=1e-4, atol=1e-5)


def test_links_equal_scipy_and_do_not_overflow() -> None:
    z = np.array([[-1e4, 0.0], [3.0, 1e4], [-2.0, 5.0]], np.float32)
    np.testing.assert_allclose(LOSSES["logistic"].link(z), expit(z), rtol=1e-6)
    np.testing.assert_allclose(LOSSES["softmax_loss"].link(z), np.exp(log_softmax(z, axis=1)), rtol=1e-6)


def test_the_logistic_loss_of_a_certain_mistake_is_large_and_finite() -> None:
    assert LOSSES["logistic"].value(np.array([[1e4]]), np.array([0.0])) == pytest.approx(1e4)
