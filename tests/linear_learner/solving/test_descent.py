"""Functions that go down side by side reach the minimum that each has by a formula or by scipy."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import minimize, rosen, rosen_der

from linear_learner.solving.descent import Descent, Scale
from open_algorithms.learning.types.arrays import Float64s

Evaluate = Callable[[Float64s], tuple[Float64s, Float64s]]


def unscaled(vectors: Float64s) -> Float64s:
    return vectors


def start_descent(start: Float64s, l1: Float64s | float = 0.0, memory: int = 10, tolerance: float = 1e-14) -> Descent:
    return Descent(start.copy(), np.broadcast_to(l1, start.shape).astype(np.float64).copy(), memory, tolerance)


def take_steps(descent: Descent, evaluate: Evaluate, steps: int, scale: Scale = unscaled) -> Descent:
    for _ in range(steps):
        if descent.is_done.all():
            break
        descent.take_step(*evaluate(descent.trial), scale)
    return descent


class Quadratics:
    """P functions 1 + (w - c)' H (w - c) / 2 of D weights."""

    def __init__(self, functions: int, width: int, *, are_separable: bool = False) -> None:
        generator = np.random.default_rng(11)
        roots = generator.normal(size=(functions, width, width))
        full = roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(width)
        self.hessians = np.stack([np.diag(np.diag(h)) for h in full]) if are_separable else full
        self.minima = generator.normal(size=(functions, width))
        self.start = generator.normal(size=(functions, width))

    def __call__(self, points: Float64s) -> tuple[Float64s, Float64s]:
        gradients = np.einsum("pde,pe->pd", self.hessians, points - self.minima)
        return 1 + np.einsum("pd,pd->p", gradients, points - self.minima) / 2, gradients

    def select(self, chosen: list[int]) -> "Quadratics":
        part = Quadratics(1, 1)
        part.hessians, part.minima, part.start = (a[chosen] for a in (self.hessians, self.minima, self.start))
        return part


@pytest.mark.parametrize("memory", [4, 20])
def test_quadratics_end_at_their_minimum(memory: int) -> None:
    functions = Quadratics(5, 8)
    descent = take_steps(start_descent(functions.start, memory=memory), functions, 200)
    assert descent.is_done.all()
    np.testing.assert_allclose(descent.point, functions.minima, atol=1e-4)
    np.testing.assert_allclose(descent.value, 1, rtol=1e-6)


def test_with_the_inverse_hessian_one_step_is_enough() -> None:
    functions = Quadratics(5, 8)
    inverses = np.linalg.inv(functions.hessians)
    descent = start_descent(functions.start)
    take_steps(descent, functions, 3, lambda v: np.einsum("pde,pe->pd", inverses, v))
    np.testing.assert_allclose(descent.point, functions.minima, atol=1e-9)
    assert descent.is_done.all()


def evaluate_rosenbrock(points: Float64s) -> tuple[Float64s, Float64s]:
    return np.array([rosen(p) for p in points]), np.array([rosen_der(p) for p in points])


def test_a_curved_valley_is_followed_to_its_end() -> None:
    start = np.array([[-1.2, 1.0, 0.7], [2.0, 3.0, 4.0], [0.0, 0.0, 0.0]])
    descent = take_steps(start_descent(start), evaluate_rosenbrock, 150)
    np.testing.assert_allclose(descent.point, 1, atol=1e-5)


def test_convex_functions_end_where_scipy_ends() -> None:
    generator = np.random.default_rng(4)
    A, b = generator.normal(size=(3, 30, 6)) * [0.1, 1, 3, 1, 1, 10], generator.normal(size=(3, 30))

    def evaluate(points: Float64s) -> tuple[Float64s, Float64s]:  # the sum of log cosh(A w - b), which is convex
        z = np.einsum("pnd,pd->pn", A, points) - b
        return np.logaddexp(z, -z).sum(axis=1), np.einsum("pnd,pn->pd", A, np.tanh(z))

    descent = take_steps(start_descent(np.zeros((3, 6))), evaluate, 200)
    for m in range(3):

        def value(w: Float64s, m: int = m) -> float:
            z = A[m] @ w - b[m]
            return float(np.logaddexp(z, -z).sum())

        best = minimize(value, np.zeros(6), method="BFGS", options={"gtol": 1e-4}).fun
        assert descent.value[m] == pytest.approx(best, rel=1e-7)
    assert descent.is_done.all()


def test_l1_ends_at_the_soft_threshold_with_exact_zeros() -> None:
    functions = Quadratics(4, 10, are_separable=True)
    l1 = np.array([0.0, 1.0, 5.0, 1e6])[:, None] * np.append(0.0, np.ones(9))  # one weight has none, as a bias
    descent = take_steps(start_descent(functions.start, l1), functions, 300)
    diagonal = np.diagonal(functions.hessians, axis1=1, axis2=2)
    expected = np.sign(functions.minima) * np.maximum(np.abs(functions.minima) - l1 / diagonal, 0)
    np.testing.assert_allclose(descent.point, expected, atol=1e-4)
    np.testing.assert_array_equal(descent.point == 0, expected == 0)
    assert 0 < (expected[1:3] == 0).sum() < 18
    values, _ = functions(descent.point)
    np.testing.assert_allclose(descent.value, values + (l1 * np.abs(descent.point)).sum(axis=1), rtol=1e-12)


def test_l1_ends_where_the_subgradient_holds_zero() -> None:
    functions, l1 = Quadratics(3, 8), 1.5
    descent = take_steps(start_descent(functions.start, l1), functions, 400)
    _, gradients = functions(descent.point)
    held = descent.point == 0
    assert 0 < held.sum() < held.size
    assert np.abs(gradients[held]).max() <= l1
    np.testing.assert_allclose(gradients[~held], -l1 * np.sign(descent.point[~held]), atol=1e-3)


@pytest.mark.parametrize("outside", [np.nan, np.inf])
def test_a_step_to_where_a_value_is_not_finite_is_shortened(outside: float) -> None:
    def evaluate(points: Float64s) -> tuple[Float64s, Float64s]:  # 2 + w - log w for positive w
        w = np.where(points > 0, points, 1)
        values = np.where(points > 0, 2 + w - np.log(w), outside)
        return values[:, 0], np.where(points > 0, 1 - 1 / w, outside)

    descent = take_steps(start_descent(np.array([[5.0], [0.01], [30.0]])), evaluate, 100, lambda v: 100 * v)
    np.testing.assert_allclose(descent.point, 1, atol=1e-3)


def test_a_step_that_goes_too_far_is_shortened_to_the_lowest_point_of_a_parabola() -> None:
    def evaluate(points: Float64s) -> tuple[Float64s, Float64s]:
        return 1 + points[:, 0] ** 2 / 2, points.copy()

    descent = take_steps(start_descent(np.array([[1.0], [-3.0]])), evaluate, 2, lambda v: 4 * v)
    assert descent.trial.tolist() == [[0], [0]]


def test_a_function_that_is_nowhere_finite_is_given_up_and_holds_up_no_other() -> None:
    functions = Quadratics(2, 4)

    def evaluate(points: Float64s) -> tuple[Float64s, Float64s]:
        values, gradients = functions(points)
        return np.where([True, False], values, np.nan), np.where([[True], [False]], gradients, np.inf)

    descent = take_steps(start_descent(functions.start), evaluate, 100)
    assert descent.is_done.all()
    assert descent.value[1] == np.inf
    np.testing.assert_allclose(descent.point[0], functions.minima[0], atol=1e-4)
    assert np.isfinite(descent.point[1]).all()


def test_a_function_that_starts_at_its_minimum_is_done_at_once() -> None:
    functions = Quadratics(2, 4)
    descent = take_steps(start_descent(functions.minima), functions, 1)
    assert descent.is_done.all()
    np.testing.assert_array_equal(descent.point, functions.minima)


@pytest.mark.parametrize("l1", [0.0, 0.7])
def test_what_goes_on_alone_goes_on_with_the_same_bits(l1: float) -> None:
    functions, chosen = Quadratics(5, 8), [1, 3, 4]
    whole = take_steps(start_descent(functions.start, l1, memory=5), functions, 9)
    part = whole.select(np.array(chosen))
    take_steps(whole, functions, 12)
    take_steps(part, functions.select(chosen), 12)
    assert len(whole.steps) == 5
    for name in ("point", "value", "trial", "steps", "inverses", "promise", "is_done"):
        array = getattr(whole, name)
        kept = array[:, chosen] if name in ("steps", "inverses") else array[chosen]
        np.testing.assert_array_equal(getattr(part, name), kept)


@pytest.mark.parametrize("l1", [0.0, 0.7])
def test_a_function_goes_alone_as_it_goes_among_others(l1: float) -> None:
    functions = Quadratics(4, 8)
    together = take_steps(start_descent(functions.start, l1, memory=30), functions, 12)
    for m in range(4):
        own = functions.select([m])
        alone = take_steps(start_descent(own.start, l1, memory=30), own, 12)
        np.testing.assert_allclose(alone.point[0], together.point[m], rtol=1e-9, atol=1e-12)
        assert alone.value[0] == pytest.approx(together.value[m], rel=1e-12)


def test_the_promise_bounds_what_is_left_to_gain_of_a_known_quadratic() -> None:
    functions = Quadratics(3, 6)
    inverses = np.linalg.inv(functions.hessians)
    descent = take_steps(start_descent(functions.start), functions, 1, lambda v: np.einsum("pde,pe->pd", inverses, v))
    np.testing.assert_allclose(descent.promise, descent.value - 1, rtol=1e-9)


def test_functions_that_have_changed_go_on_to_their_new_minimum_and_the_others_stay() -> None:
    functions = Quadratics(3, 8)
    descent = take_steps(start_descent(functions.start), functions, 200)
    assert descent.is_done.all()
    before, functions.minima = descent.point.copy(), functions.minima + 1
    descent.restart(np.array([True, False, True]))

    def evaluate(points: Float64s) -> tuple[Float64s, Float64s]:
        values, gradients = functions(points)
        return values + 5, gradients  # so that the first value is above that of the old minimum

    take_steps(descent, evaluate, 200)
    np.testing.assert_allclose(descent.point[[0, 2]], functions.minima[[0, 2]], atol=1e-4)
    np.testing.assert_array_equal(descent.point[1], before[1])


def test_a_direction_that_promises_much_and_leads_nowhere_is_not_taken_for_the_end() -> None:
    functions = Quadratics(2, 8)
    descent = take_steps(start_descent(functions.start), functions, 5)
    descent.steps[:, 0] *= 1e8
    descent.changes[:, 0] *= 1e-8
    take_steps(descent, functions, 1)
    descent = take_steps(descent, functions, 200)
    np.testing.assert_allclose(descent.point, functions.minima, atol=1e-4)
    np.testing.assert_allclose(descent.value, 1, rtol=1e-6)
