"""Moments of rows are those of numpy, dense as sparse."""

import numpy as np
import pytest

from open_algorithms.k_means.clustering.sampling import hold_dense, hold_sparse
from open_algorithms.k_means.measuring.spread import find_dominant, measure_features, warn_of_dominance
from open_algorithms.learning.rows.csr import as_csr
from tests.k_means.jobs import draw_rows

X = np.where(abs(draw_rows(700, features=5)) > 1, draw_rows(700, features=5), 0).astype(np.float32)
X[:, 3] = 2


@pytest.mark.parametrize("sparse", [False, True])
def test_moments_are_those_of_numpy(sparse: bool) -> None:
    found = measure_features(hold_sparse(as_csr(X)) if sparse else hold_dense(X))
    wide = X.astype(np.float64)
    np.testing.assert_allclose(found.mean, wide.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.variance, wide.var(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.deviation, wide.std(axis=0), atol=1e-6)
    assert found.shares.sum() == pytest.approx(1)


def test_many_rows_are_measured_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("open_algorithms.k_means.measuring.spread.NUMBERS_AT_ONCE", 64)
    np.testing.assert_allclose(measure_features(hold_dense(X)).variance, X.astype(np.float64).var(axis=0), atol=1e-12)


def test_rows_that_are_alike_have_no_variance_to_share() -> None:
    found = measure_features(hold_dense(np.ones((4, 3), np.float32)))
    assert found.shares.tolist() == [0, 0, 0]
    assert find_dominant(found.shares) is None


@pytest.mark.parametrize(
    ("shares", "dominant"), [([0.05, 0.95], 1), ([0.91, 0.09], 0), ([0.1, 0.9], None), ([1.0], None)]
)
def test_a_feature_is_dominant_where_it_is_nearly_all_and_not_alone(shares: list[float], dominant: int | None) -> None:
    assert find_dominant(np.array(shares)) == dominant


def test_the_warning_names_the_feature_and_the_way_out() -> None:
    assert warn_of_dominance("income", 0.99999).startswith("income is 99.9% of the variance of the rows")
    assert "Set normalize_data=true" in warn_of_dominance("income", 1.0)
