"""Each candidate has the learning rates and the averaging weights of a candidate alone."""

import math

import numpy as np
import pytest

from linear_learner.bank.updating.schedule import average_retention, average_share, step_sizes
from linear_learner.options.candidates import Candidate

UPDATES = np.arange(1, 40)
CANDIDATES = [
    Candidate("adam", 0.1, lr_scheduler_step=3, lr_scheduler_factor=0.5, average=True),
    Candidate("adam", 0.2, beta_1=0.5, beta_2=0.9),
    Candidate("sgd", 0.3, lr_scheduler_step=3, lr_scheduler_factor=0.5),
    Candidate("sgd", 0.3, lr_scheduler_step=7, lr_scheduler_factor=0.5, average=True),
    Candidate("rmsprop", 0.4, use_lr_scheduler=False),
    Candidate("adam", 0.5, beta_1=0.9, beta_2=0.9, lr_scheduler_minimum_lr=0.495),
    Candidate("adam", 0.5, beta_1=0.5, beta_2=0.999),
]


def by_hand(candidate: Candidate, t: int) -> tuple[float, float, float]:
    """Learning rate with and without Adam's correction, and the weight of the newest iterate, at update t."""
    rate = candidate.learning_rate
    if candidate.use_lr_scheduler:
        rate *= candidate.lr_scheduler_factor ** ((t - 1) // candidate.lr_scheduler_step)
        rate = max(rate, candidate.lr_scheduler_minimum_lr)
    corrected = rate
    if candidate.optimizer == "adam":
        corrected *= math.sqrt(1 - candidate.beta_2**t) / (1 - candidate.beta_1**t)
    return corrected, rate, 9 / (t + 8) if candidate.average else 1.0


def test_every_candidate_of_a_bank_has_the_rates_that_it_has_alone() -> None:
    tables = step_sizes(CANDIDATES, UPDATES)
    for m, candidate in enumerate(CANDIDATES):
        expected = np.array([by_hand(candidate, int(t)) for t in UPDATES])
        found = np.stack([tables[name][:, m] for name in ("rates", "proximal_rates", "shares")], axis=1)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_later_updates_go_on_from_the_earlier_ones() -> None:
    whole, later = step_sizes(CANDIDATES, UPDATES), step_sizes(CANDIDATES, UPDATES[10:])
    for name, table in whole.items():
        assert table.shape == (len(UPDATES), len(CANDIDATES))
        np.testing.assert_array_equal(later[name], table[10:])


def test_the_first_weights_are_their_own_average_and_later_ones_enter_it_with_9_of_t_plus_8() -> None:
    assert average_share(np.array([1, 2, 10, 100])).tolist() == [1, 0.9, 0.5, 9 / 108]


def test_the_average_covers_about_the_last_ninth_of_all_updates() -> None:
    share = average_share(np.arange(1, 10_001))
    remains = np.append(np.cumprod((1 - share)[::-1])[::-1][1:], 1)  # of what entered at each update, at the end
    weights = share * remains
    assert weights.sum() == pytest.approx(1)
    age = (weights * np.arange(10_000)[::-1]).sum()
    assert age == pytest.approx(10_000 / 10, rel=0.01)  # the mean age of a uniform average over a fifth


@pytest.mark.parametrize("t", [1, 2, 3, 10, 1000])
def test_what_remains_of_an_average_is_what_all_later_updates_have_left_of_it(t: int) -> None:
    left = math.prod(1 - 9 / (step + 8) for step in range(2, t + 1))
    assert average_retention(t) == pytest.approx(left, rel=1e-9)
