"""A mean of machines is one machine, and the one that answers unseen rows best."""

import numpy as np
import pytest

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.machines.machines import Parameters
from open_algorithms.factorization_machines.training.mixing import (
    MOST_MEMBERS,
    choose_shares,
    in_label_units,
    mix_parameters,
)
from open_algorithms.learning.types.arrays import Float64s

generator = np.random.default_rng(0)
TRUTH = generator.normal(size=500)
X = generator.normal(size=(40, 5)).astype(np.float32)


def mean_losses(scores: Float64s) -> Float64s:
    return np.asarray(np.square(scores - TRUTH).mean(axis=1))


def draw(seed: int, factors: int) -> Parameters:
    numbers = np.random.default_rng(seed).normal(size=(5, factors + 1)).astype(np.float32)
    return Parameters(float(seed), numbers[:, 0], numbers[:, 1:])


def margins(parameters: Parameters) -> Float64s:
    return FactorModel("regressor", *parameters).margins(X)


def test_a_mean_of_machines_answers_the_mean_of_their_answers() -> None:
    own = {3: draw(1, 2), 5: draw(2, 0), 9: draw(3, 4)}
    mixed = mix_parameters(own, {3: 0.25, 5: 0.5, 9: 0.25})
    assert mixed.factors.shape == (5, 6)
    expected = 0.25 * margins(own[3]) + 0.5 * margins(own[5]) + 0.25 * margins(own[9])
    np.testing.assert_allclose(margins(mixed), expected, rtol=1e-4, atol=1e-5)
    assert mix_parameters(own, {3: 1.0, 9: 0.0}).factors.shape == (5, 2)


def test_a_machine_of_labels_in_other_units_answers_in_the_labels_own() -> None:
    own = draw(1, 3)
    np.testing.assert_allclose(margins(in_label_units(own, 10.0, 4.0)), 4 * margins(own) + 10, rtol=1e-4)


def test_the_mean_is_better_than_each_and_no_worse_than_any_other_that_is_looked_at() -> None:
    scores = TRUTH + generator.normal(size=(8, 500))
    shares = choose_shares(scores, mean_losses)
    assert shares.sum() == pytest.approx(1)
    assert (shares > 0).sum() <= MOST_MEMBERS
    found = float(mean_losses((shares @ scores)[None])[0])
    assert found < 0.3 < float(mean_losses(scores).min())


def test_one_that_is_far_better_is_taken_alone() -> None:
    scores = np.stack([TRUTH, TRUTH + 5, TRUTH - 1 + generator.normal(size=500)])
    np.testing.assert_array_equal(choose_shares(scores, mean_losses), [1, 0, 0])


def test_what_is_not_finite_has_no_share() -> None:
    scores = np.stack([np.full(500, np.nan), TRUTH + generator.normal(size=500), np.full(500, np.inf)])
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(choose_shares(scores, mean_losses), [0, 1, 0])
        assert not choose_shares(scores[[0, 2]], mean_losses).any()
