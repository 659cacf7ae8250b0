"""Each optimizer: its operators take the steps of its formula, and its steps lead downhill."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from linear_learner.bank.updating.optimizers import OPTIMIZERS
from linear_learner.options.candidates import Candidate
from linear_learner.options.hyperparameters import SOLVED, declarations
from open_algorithms.learning.engine.graph import CompiledGraph, as_ndarray
from open_algorithms.learning.engine.mxnet import mx
from tests.linear_learner.bank.problems import CANDIDATES

Weights = NDArray[np.float64]
SHAPE = 3, 5
SCALE = 0.25  # what the gradient has still to be multiplied by


class Operators:
    """An optimizer's operators, run on weights and states in place."""

    def __init__(self, name: str, constants: dict[str, Any], weights: NDArray[np.float32]) -> None:
        optimizer, S = OPTIMIZERS[name], mx.sym
        self.weights, self.gradient, self.rate = weights.copy(), np.zeros_like(weights), np.zeros_like(weights)
        states = {f"state_{i}": mx.nd.zeros(SHAPE) for i in range(optimizer.state_count)}
        arrays = {"W": self.weights, "g": self.gradient, "rate": self.rate, "done": np.zeros(SHAPE, np.float32)}
        W, g, rate, *symbols = map(S.Variable, ("W", "g", "rate", *states))
        done = optimizer.update(S, W, g, symbols, rate, constants, SCALE)
        held = {name: as_ndarray(array) for name, array in arrays.items()} | states
        self.graph = CompiledGraph({"done": done}, held)

    def step(self, gradient: Weights, rate: float) -> None:
        self.gradient[:], self.rate[:] = gradient, rate
        self.graph()
        for result in self.graph.results:
            result.wait_to_read()


class Formula:
    """The same by the coefficients of `terms`, in numpy and float64."""

    def __init__(self, name: str, constants: dict[str, Any], weights: NDArray[np.float32]) -> None:
        self.name, self.constants, self.weights = name, constants, weights.astype(np.float64)
        self.first, self.second = np.zeros((2, *SHAPE))

    def step(self, gradient: Weights, rate: float) -> None:
        terms, g = OPTIMIZERS[self.name].terms(rate, self.constants), SCALE * gradient
        self.first = terms.keep_first * self.first + terms.add_first * g
        self.second = terms.keep_second * self.second + terms.add_second * g**2
        self.weights -= terms.rate * self.first / (np.sqrt(self.second + terms.inside_root) + terms.outside_root)


def constants(name: str) -> dict[str, Any]:
    return vars(Candidate(name, beta_1=0.6, beta_2=0.8, momentum=0.7))


def rates(name: str, base: float, updates: int) -> NDArray[np.float64]:
    return base * OPTIMIZERS[name].rate_correction(np.arange(1, updates + 1), constants(name))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_operators_take_the_steps_of_the_formula(name: str) -> None:
    generator = np.random.default_rng(7)
    weights = generator.normal(size=SHAPE).astype(np.float32)
    operators, formula = (make(name, constants(name), weights) for make in (Operators, Formula))
    for rate in rates(name, 0.1, 6):
        gradient = generator.normal(size=SHAPE)
        for each in (operators, formula):
            each.step(gradient, rate)
        np.testing.assert_allclose(operators.weights, formula.weights, rtol=1e-5, atol=1e-6)
    assert (np.abs(operators.weights - weights) > 0.01).any()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_lead_to_the_minimum_of_a_bowl(name: str) -> None:
    steep = np.linspace(1, 4, SHAPE[1])
    formula = Formula(name, constants(name), np.ones(SHAPE, np.float32))
    for rate in rates(name, 0.05, 1000):
        formula.step(steep * formula.weights / SCALE, rate)
    assert np.abs(formula.weights).max() < 0.1


def test_every_optimizer_is_offered_to_the_user_and_trained_in_the_tests_of_the_banks() -> None:
    assert declarations()["optimizer"].choices == (*OPTIMIZERS, SOLVED)
    assert {candidate.optimizer for candidate in CANDIDATES} == set(OPTIMIZERS)
