"""Intervals of figures: as wide as theory says, and never sure of few rows."""

import numpy as np
import pytest
from scipy import stats

from open_algorithms.learning.measuring.intervals import bound_area, bound_means, bound_shares
from open_algorithms.learning.measuring.tallies import area_under_roc
from open_algorithms.learning.types.arrays import Int64s


@pytest.mark.parametrize(("right", "wrong"), [(90, 10), (5, 5), (10, 0), (0, 3), (99_990, 10)])
def test_the_interval_of_a_share_is_that_of_jeffreys(right: int, wrong: int) -> None:
    found = bound_shares(np.array([right, wrong]), lambda shares: {"right": shares[0]})["right"]
    wanted = stats.beta(right + 0.5, wrong + 0.5).ppf([0.025, 0.975])
    width = wanted[1] - wanted[0]
    np.testing.assert_allclose(found, wanted, atol=0.1 * width)
    assert found[0] < found[1]


@pytest.mark.parametrize("rows", [50, 5000])
def test_the_interval_of_a_mean_is_that_of_its_standard_error(rows: int) -> None:
    values = np.random.default_rng(2).normal(3, 2, (rows, 1))
    known = {"mean": float(values.mean())}
    low, high = bound_means(values, lambda means: {"mean": means[0]}, known, rows)["mean"]
    error = values.std() / rows**0.5
    assert (low, high) == pytest.approx((known["mean"] - 1.96 * error, known["mean"] + 1.96 * error), abs=0.4 * error)


def test_a_sample_tells_as_much_as_its_rows_are_of_all() -> None:
    values = np.random.default_rng(2).normal(size=(400, 1))
    wide, narrow = (
        bound_means(values, lambda means: {"mean": means[0]}, {"mean": 7.0}, rows)["mean"] for rows in (400, 40_000)
    )
    assert narrow[1] - narrow[0] == pytest.approx((wide[1] - wide[0]) / 10)
    assert narrow[0] < 7 < narrow[1]


def test_what_is_not_known_has_no_interval() -> None:
    values = np.ones((3, 1))
    assert bound_means(values, lambda means: {"mean": means[0]}, {"other": 1.0}, 3) == {}


@pytest.mark.parametrize("ties", [False, True])
def test_the_interval_of_an_area_is_that_of_rows_that_are_drawn_anew(ties: bool) -> None:
    generator = np.random.default_rng(3)
    y = (generator.random(300) < 0.2).astype(int)
    score = y + generator.normal(size=300)
    score = np.round(score) if ties else score

    def count(rows: Int64s) -> Int64s:
        distinct, places = np.unique(score[rows], return_inverse=True)
        return np.bincount(2 * places + y[rows], minlength=2 * len(distinct)).reshape(-1, 2)

    draws = [area_under_roc(count(generator.integers(0, 300, 300))) for _ in range(500)]
    found = bound_area(count(np.arange(300)))
    assert found is not None
    np.testing.assert_allclose(found, np.quantile(draws, [0.025, 0.975]), atol=0.02)


@pytest.mark.parametrize("counts", [[[1, 0], [0, 3]], [[3, 0], [0, 3]], [[3, 0]]])
def test_an_area_without_spread_or_of_a_single_row_has_no_interval(counts: list[list[int]]) -> None:
    assert bound_area(np.array(counts)) is None
