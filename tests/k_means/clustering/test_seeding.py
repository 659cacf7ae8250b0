"""First centers are rows, each but once, and by kmeans++ far from each other."""

import numpy as np
import pytest

from open_algorithms.k_means.clustering.sampling import hold_dense, hold_sparse
from open_algorithms.k_means.clustering.seeding import Seeder
from open_algorithms.learning.rows.csr import as_csr
from tests.k_means.jobs import draw_rows

X = draw_rows(600, clusters=8, spread=0.05)


@pytest.mark.parametrize("method", ["random", "kmeans++"])
def test_centers_are_different_rows_dense_as_sparse(method: str) -> None:
    dense = Seeder(hold_dense(X)).choose(20, method, np.random.default_rng(0))
    sparse = Seeder(hold_sparse(as_csr(X))).choose(20, method, np.random.default_rng(0))
    assert len(np.unique(dense, axis=0)) == 20
    assert {tuple(row) for row in dense} <= {tuple(row) for row in X.astype(np.float64)}
    np.testing.assert_array_equal(sparse, dense)


def test_kmeans_plus_plus_finds_every_group_that_is_far_from_the_others() -> None:
    for seed in range(10):
        centers = Seeder(hold_dense(X)).choose(8, "kmeans++", np.random.default_rng(seed))
        assert np.square(X[:, None] - centers).sum(axis=2).min(axis=1).mean() < 0.1


@pytest.mark.parametrize("method", ["random", "kmeans++"])
def test_of_few_or_equal_rows_all_are_taken(method: str) -> None:
    generator = np.random.default_rng(0)
    assert len(Seeder(hold_dense(X[:3])).choose(5, method, generator)) == 3
    same = Seeder(hold_dense(np.ones((6, 2), np.float32))).choose(4, method, generator)
    np.testing.assert_array_equal(same, np.ones((4, 2)))


@pytest.mark.parametrize("method", ["random", "kmeans++"])
def test_rows_are_drawn_by_their_weights(method: str) -> None:
    rows = np.arange(4, dtype=np.float32)[:, None]
    weighed = hold_dense(rows, np.array([1, 0, 0, 0], np.float32))
    assert Seeder(weighed).choose(1, method, np.random.default_rng(0)).item() == 0


@pytest.mark.parametrize("method", ["random", "kmeans++"])
def test_rows_without_weight_are_drawn_once_there_are_no_others(method: str) -> None:
    rows = np.arange(6, dtype=np.float32)[:, None]
    drawn = Seeder(hold_dense(rows, np.array([1, 0, 0, 2, 0, 0], np.float32))).choose(
        4, method, np.random.default_rng(0)
    )
    assert {0, 3} < {*drawn[:, 0]}
    assert len(np.unique(drawn)) == 4
