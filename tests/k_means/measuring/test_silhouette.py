"""Silhouettes are those of scikit-learn."""

import tracemalloc

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from open_algorithms.k_means.clustering.sampling import hold_dense, hold_sparse
from open_algorithms.k_means.measuring.silhouette import pairwise_distances, silhouettes
from open_algorithms.learning.rows.csr import Csr, as_csr
from tests.k_means.jobs import draw_rows

X = draw_rows(200, spread=1.0)


@pytest.mark.parametrize("sparse", [False, True])
def test_they_are_those_of_scikit_learn(sparse: bool) -> None:
    labels = np.random.default_rng(0).integers(0, 5, len(X))
    labels[labels == 3], labels[0] = 4, 3  # one row alone, and numbers that are missing
    distances = pairwise_distances(hold_sparse(as_csr(X)) if sparse else hold_dense(X))
    np.testing.assert_allclose(silhouettes(distances, labels), silhouette_samples(X, labels), atol=1e-4)


def test_where_there_is_one_cluster_or_all_rows_are_equal_they_are_0() -> None:
    assert not silhouettes(pairwise_distances(hold_dense(X)), np.zeros(len(X), np.int64)).any()
    same = pairwise_distances(hold_dense(np.ones((4, 2), np.float32)))
    assert not silhouettes(same, np.array([0, 0, 1, 1])).any()


def test_rows_of_very_many_features_take_no_room_for_those_that_they_lack() -> None:
    wide = Csr(np.ones(200, np.float32), np.arange(0, 10**6, 5000, np.int32), np.arange(201), (200, 10**6))
    tracemalloc.start()
    distances = pairwise_distances(hold_sparse(wide))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(distances, np.sqrt(2) * (1 - np.eye(200)))
    assert peak < 2**24
