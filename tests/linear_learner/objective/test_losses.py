"""Each loss: its graph is its formula, and its gradient is the slope of it."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, log_softmax

from linear_learner.measuring.final import build_model
from linear_learner.objective.losses import LOSSES, LOSSES_BY_PREDICTOR
from linear_learner.options.hyperparameters import declarations, parse_hyperparameters
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.rows.scaling import Scaler

MODELS, ROWS = 3, 40
PARAMETERS = {"margin": 1.3, "quantile": 0.2, "huber_delta": 0.7, "loss_insensitivity": 0.4, None: 0.0}
ANY_PARAMETER = 0.3  # of a loss that is not among them
KINKED = [name for name, loss in LOSSES.items() if not loss.is_smooth]


def example(name: str) -> tuple[NDArray[Any], NDArray[Any], int, float]:
    """Return margins (n, M * K), labels (n,), K and the loss's parameter."""
    generator = np.random.default_rng(3)
    classes = 4 if LOSSES[name].predictor_type == "multiclass_classifier" else 1
    z = generator.normal(0, 2, (ROWS, MODELS * classes)).astype(np.float32)
    regression = LOSSES[name].predictor_type == "regressor"
    y = generator.normal(size=ROWS) if regression else generator.integers(0, max(classes, 2), ROWS)
    return z, y.astype(np.float32), classes, PARAMETERS.get(LOSSES[name].parameter_name, ANY_PARAMETER)


def as_numpy(array: Any) -> NDArray[np.float32]:
    return np.asarray(array.asnumpy())


def graph(name: str, z: NDArray[Any], y: NDArray[Any], classes: int, a: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Run a loss's operators."""
    value, gradient = LOSSES[name].graph(
        mx.nd, mx.nd.from_numpy(z.copy()), mx.nd.from_numpy(y[:, None].copy()), MODELS, classes, a
    )
    return as_numpy(value), as_numpy(gradient)


def formula(name: str, z: NDArray[Any], y: NDArray[Any], classes: int, a: float) -> NDArray[Any]:
    """Evaluate a loss's formula for every model, (n, M)."""
    per_model = z.reshape(len(z), MODELS, classes).astype(np.float64)
    return np.stack([LOSSES[name].value(per_model[:, m], y, a) for m in range(MODELS)], axis=1)


@pytest.mark.parametrize("name", LOSSES)
def test_the_operators_compute_the_formula(name: str) -> None:
    z, y, classes, a = example(name)
    value, _ = graph(name, z, y, classes, a)
    np.testing.assert_allclose(value, formula(name, z, y, classes, a), rtol=1e-5, atol=5e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_the_central_difference_of_the_formula(name: str) -> None:
    z, y, classes, a = example(name)
    _, gradient = graph(name, z, y, classes, a)
    step = 1e-5  # no example lies that near to a kink
    for column in range(z.shape[1]):
        up, down = z.astype(np.float64), z.astype(np.float64)
        up[:, column] += step
        down[:, column] -= step
        slope = (
            LOSSES[name].gradient_factor
            * (formula(name, up, y, classes, a) - formula(name, down, y, classes, a)).sum(axis=1)
            / (2 * step)
        )
        np.testing.assert_allclose(gradient[:, column], slope, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_whose_gradient_jumps_has_kinks_to_round(name: str) -> None:
    _, y, classes, a = example(name)
    grid = np.linspace(-3, 3, 6001, dtype=np.float32)
    z = np.zeros((len(grid), MODELS * classes), np.float32)
    z[:, 0] = grid
    _, gradient = graph(name, z, np.full(len(grid), y[0], np.float32), classes, a)
    assert (np.abs(np.diff(gradient[:, 0])).max() < 0.01) == LOSSES[name].is_smooth


def rounded(name: str, z: NDArray[Any], width: float) -> list[NDArray[np.float32]]:
    """Return the value of the rounded loss of the example's rows at other margins, its gradient and its curvature."""
    _, y, _, a = example(name)
    build = LOSSES[name].rounded_graph
    assert build is not None
    arrays = (mx.nd.from_numpy(part.astype(np.float32)) for part in (z, y[:, None], np.full((1, MODELS), width)))
    z_, y_, widths = arrays
    return [as_numpy(part) for part in build(mx.nd, z_, y_, a, widths)]


@pytest.mark.parametrize("width", [0.1, 0.7, 5.0])
@pytest.mark.parametrize("name", KINKED)
def test_the_gradient_of_a_rounded_loss_is_its_central_difference(name: str, width: float) -> None:
    z, step = example(name)[0], 0.01
    up, down = (rounded(name, z + side, width)[0] for side in (step, -step))
    slope = LOSSES[name].gradient_factor * (up - down) / (2 * step)
    np.testing.assert_allclose(rounded(name, z, width)[1], slope, atol=1e-3 + step / (2 * width))


@pytest.mark.parametrize("name", KINKED)
def test_a_rounded_loss_lies_above_the_loss_by_no_more_than_half_the_width(name: str) -> None:
    z, y, classes, a = example(name)
    for width in (1.0, 0.1, 1e-3, 1e-12):
        more = rounded(name, z, width)[0] - formula(name, z, y, classes, a)
        assert (more >= -1e-5).all()
        assert (more <= width / 2 + 1e-5).all()
    assert (rounded(name, z, 1.0)[0] - formula(name, z, y, classes, a)).max() > 0.1


@pytest.mark.parametrize("width", [0.1, 1.0])
@pytest.mark.parametrize("name", KINKED)
def test_a_rounded_loss_lies_nowhere_above_the_parabola_of_its_curvature(name: str, width: float) -> None:
    z = example(name)[0]
    value, slope, curvature = rounded(name, z, width)
    for step in np.linspace(-5, 5, 41):
        parabola = LOSSES[name].gradient_factor * value + slope * step + curvature * step**2 / 2
        assert (LOSSES[name].gradient_factor * rounded(name, z + step, width)[0] <= parabola + 1e-4).all()


@pytest.mark.parametrize("name", LOSSES)
def test_a_model_that_does_not_tell_its_losss_parameter_is_measured(name: str) -> None:
    """It is taken for 0."""
    z, y, classes, _ = example(name)
    assert np.isfinite(formula(name, z, y, classes, 0.0)).all()


@pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if loss.signed_graph is not None])
def test_the_loss_of_a_signed_row_is_that_of_the_row_with_its_label(name: str) -> None:
    z, y, classes, a = example(name)
    signed_graph, sign = LOSSES[name].signed_graph, 1 - 2 * y[:, None]
    assert signed_graph is not None
    value, slope = signed_graph(mx.nd, mx.nd.from_numpy(z * sign))
    plain_value, plain_slope = graph(name, z, y, classes, a)
    np.testing.assert_allclose(as_numpy(value), plain_value, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(as_numpy(slope) * sign, plain_slope, rtol=1e-5, atol=1e-6)


def test_every_loss_and_its_predictor_type_are_declared_for_the_user() -> None:
    declared = declarations()
    assert declared["loss"].choices == tuple(LOSSES)
    assert declared["predictor_type"].choices == tuple(LOSSES_BY_PREDICTOR)


@pytest.mark.parametrize("parameter", sorted({loss.parameter_name for loss in LOSSES.values() if loss.parameter_name}))
def test_the_parameter_of_a_loss_is_declared_to_apply_to_just_the_losses_that_have_it(parameter: str) -> None:
    having = tuple(name for name, loss in LOSSES.items() if loss.parameter_name == parameter)
    assert declarations()[parameter].applies == {"loss": having}


@pytest.mark.parametrize("name", LOSSES)
def test_a_model_keeps_the_parameter_that_it_was_trained_with(name: str) -> None:
    loss = LOSSES[name]
    texts = {"predictor_type": loss.predictor_type, "loss": name}
    hp = parse_hyperparameters(texts | ({"num_classes": "4"} if loss.predictor_type == "multiclass_classifier" else {}))
    scaler = Scaler(np.zeros(2, np.float32), np.ones(2, np.float32), label_deviation=3.0)
    model = build_model(np.ones((hp.outputs, 3), np.float32), hp, scaler, None)
    expected = hp.objective.loss_parameter * 3**loss.label_power
    assert float(model.metrics_params.get(loss.parameter_name or "") or 0) == expected


def test_links_equal_scipy_and_do_not_overflow() -> None:
    z = np.array([[-1e4, 0.0], [3.0, 1e4], [-2.0, 5.0]], np.float32)
    np.testing.assert_allclose(LOSSES["logistic"].link(z), expit(z), rtol=1e-6)
    np.testing.assert_allclose(LOSSES["softmax_loss"].link(z), np.exp(log_softmax(z, axis=1)), rtol=1e-6)


def test_the_logistic_loss_of_a_certain_mistake_is_large_and_finite() -> None:
    assert LOSSES["logistic"].value(np.array([[1e4]]), np.array([0.0]), 0.0) == pytest.approx(1e4)


@pytest.mark.parametrize("name", LOSSES_BY_PREDICTOR["regressor"])
def test_a_regression_loss_grows_with_the_labels_unit_as_its_degree_says(name: str) -> None:
    z, y, classes, a = example(name)
    scaled = a * 7.0 ** LOSSES[name].label_power
    np.testing.assert_allclose(
        formula(name, 7 * z, 7 * y, classes, scaled),
        7 ** LOSSES[name].degree * formula(name, z, y, classes, a),
        rtol=1e-5,
    )


def test_the_losses_are_the_formulas_of_the_original() -> None:
    z, y = np.array([[0.2], [0.9], [3.0], [-1.0]]), np.array([1.0, 0.0, 1.0, 0.0])
    e = y - z[:, 0]
    expected = {
        "hinge_loss": [0.8, 0.9, 0, 0],
        "squared_loss": e**2,
        "absolute_loss": np.abs(e),
        "quantile_loss": np.where(e > 0, 0.2 * e, -0.8 * e),
        "huber_loss": np.where(np.abs(e) <= 0.7, e**2 / 2, 0.7 * np.abs(e) - 0.7**2 / 2),
        "eps_insensitive_squared_loss": np.maximum(0, e**2 - 0.4**2),
        "eps_insensitive_absolute_loss": np.maximum(0, np.abs(e) - 0.4),
    }
    for name, values in expected.items():
        a = 1.0 if name == "hinge_loss" else PARAMETERS[LOSSES[name].parameter_name]
        np.testing.assert_allclose(LOSSES[name].value(z, y, a), values, atol=1e-12)
