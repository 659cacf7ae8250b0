"""Passes move centers to the means of their rows, of one run alone as beside others."""

import numpy as np
import pytest
from sklearn.cluster import KMeans

from open_algorithms.k_means.assigning.choice import choose_assigner
from open_algorithms.k_means.clustering.lloyd import Lloyd
from open_algorithms.k_means.clustering.population import Population
from open_algorithms.k_means.clustering.sampling import hold_dense
from open_algorithms.learning.types.arrays import Float64s
from tests.k_means.jobs import draw_rows

X = draw_rows(2000, spread=1.0)
ROWS = hold_dense(X)


def population() -> Population:
    return Population(lambda: [ROWS], choose_assigner(1))


def starts(k: int, seed: int = 0) -> Float64s:
    return np.asarray(X[np.random.default_rng(seed).choice(len(X), k, replace=False)], np.float64)


@pytest.mark.parametrize("k", [1, 4, 30])
def test_runs_settle_where_those_of_scikit_learn_do(k: int) -> None:
    lloyd = Lloyd([starts(k)])
    lloyd.run(population(), 1000, 0.0)
    peer = KMeans(k, init=starts(k).astype(np.float32), n_init=1, tol=0, max_iter=1000, algorithm="lloyd").fit(X)
    assert lloyd.inertias[0] == pytest.approx(peer.inertia_, rel=1e-4)
    np.testing.assert_allclose(lloyd.runs[0], peer.cluster_centers_, atol=0.02)


def test_one_run_alone_is_that_run_among_others() -> None:
    among = Lloyd([starts(3, 1), starts(5, 2), starts(5, 3)])
    among.run(population(), 100, 1e-6)
    alone = Lloyd([starts(5, 2)])
    alone.run(population(), 100, 1e-6)
    np.testing.assert_allclose(among.runs[1], alone.runs[0], atol=1e-6)
    assert among.inertias[1] == pytest.approx(alone.inertias[0], rel=1e-6)


def test_the_inertia_never_rises() -> None:
    lloyd, last = Lloyd([starts(6)]), np.inf
    for _ in range(20):
        lloyd.make_pass(population(), 0.0)
        assert lloyd.inertias[0] <= last * (1 + 1e-7)
        last = lloyd.inertias[0]


def test_runs_that_cannot_win_are_let_go_and_the_best_stays() -> None:
    runs = [starts(6, seed) for seed in range(10)]
    everyone, pruned = Lloyd(runs), Lloyd(runs)
    everyone.run(population(), 200, 1e-6)
    pruned.run(population(), 200, 1e-6, prune=True)
    assert pruned.inertias.min() == pytest.approx(everyone.inertias.min(), rel=1e-4)
    assert everyone.find_best([6]) == [int(everyone.inertias.argmin())]


def test_rows_count_by_their_weights() -> None:
    weights = np.random.default_rng(1).integers(1, 4, len(X))
    weighed = Population(lambda: [hold_dense(X, weights.astype(np.float32))], choose_assigner(1))
    repeated = Population(lambda: [hold_dense(np.repeat(X, weights, axis=0))], choose_assigner(1))
    runs = [Lloyd([starts(4)]), Lloyd([starts(4)])]
    for lloyd, rows in zip(runs, (weighed, repeated), strict=True):
        lloyd.run(rows, 50, 1e-6)
    assert runs[0].inertias[0] == pytest.approx(runs[1].inertias[0], rel=1e-5)
    np.testing.assert_allclose(runs[0].runs[0], runs[1].runs[0], atol=1e-3)
