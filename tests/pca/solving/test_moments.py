"""Means and spreads are those of the rows, however they are stored."""

import numpy as np
import pytest

from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.pca.solving.moments import Moments
from open_algorithms.pca.sums.totals import ColumnTotals
from tests.pca.data import draw_rows

WIDE: Float64s = draw_rows(40, 6).astype(np.float64)
SHIFT = np.arange(6.0)


def moments_of(*, is_centred: bool = True) -> Moments:
    stored = WIDE - SHIFT
    return Moments.from_totals(
        ColumnTotals(40, stored.sum(axis=0), (stored**2).sum(axis=0)), SHIFT, is_centred=is_centred
    )


@pytest.mark.parametrize("is_centred", [False, True])
def test_they_are_those_of_the_rows(is_centred: bool) -> None:
    moments = moments_of(is_centred=is_centred)
    np.testing.assert_allclose(moments.mean, WIDE.mean(axis=0))
    np.testing.assert_allclose(moments.spread, 40 * WIDE.var(axis=0))
    np.testing.assert_allclose(moments.deviations, WIDE.std(axis=0))
    center = WIDE.mean(axis=0) if is_centred else np.zeros(6)
    np.testing.assert_allclose(moments.center, center)
    np.testing.assert_allclose(moments.squares, ((WIDE - center) ** 2).sum(axis=0))


@pytest.mark.parametrize("is_centred", [False, True])
def test_products_are_moved_to_the_center(is_centred: bool) -> None:
    moments = moments_of(is_centred=is_centred)
    stored: Float64s = np.asarray(WIDE - SHIFT)
    centred = WIDE - moments.center
    V = np.random.default_rng(0).normal(size=(6, 2))
    np.testing.assert_allclose(moments.center_gram(stored.T @ stored), centred.T @ centred, atol=1e-9)
    np.testing.assert_allclose(
        moments.center_products(stored.T @ (stored @ V), V), centred.T @ (centred @ V), atol=1e-9
    )


def test_what_rounding_leaves_of_a_constant_feature_is_no_spread() -> None:
    value = 0.1
    moments = Moments.from_totals(
        ColumnTotals(3, np.array([3 * value]), np.array([3 * value**2 * (1 + 1e-14)])), np.zeros(1), is_centred=True
    )
    assert moments.spread == [0]
    assert moments.deviations == [1]
