"""A center is put where it gains most, exactly as trying all places would find."""

import numpy as np

from open_algorithms.k_means.clustering.sampling import hold_dense, hold_sparse
from open_algorithms.k_means.clustering.swapping import SwapSearch
from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.types.arrays import Float32s, Float64s
from tests.k_means.jobs import draw_rows

X = draw_rows(400, clusters=4, spread=0.2)


def inertia(centers: Float64s, rows: Float32s = X) -> float:
    return float(np.square(rows[:, None] - centers).sum(axis=2).min(axis=1).sum())


def test_the_swap_made_is_the_best_of_all() -> None:
    generator = np.random.default_rng(1)
    centers, pool = X[generator.choice(400, 4)].astype(np.float64), X[generator.choice(400, 9)].astype(np.float64)
    tried = []
    for center in range(4):
        for place in pool:
            swapped = centers.copy()
            swapped[center] = place
            tried.append((inertia(swapped), swapped))
    least, best = min(tried, key=lambda pair: pair[0])
    found = SwapSearch(hold_dense(X), pool).improve(centers, 1)
    assert inertia(found) == least < inertia(centers)
    np.testing.assert_array_equal(found, best)
    np.testing.assert_array_equal(SwapSearch(hold_sparse(as_csr(X)), pool).improve(centers, 1), best)


def test_swaps_go_on_until_none_gains() -> None:
    pool = X[:60].astype(np.float64)
    stuck = np.repeat(pool[:1], 4, axis=0)
    found = SwapSearch(hold_dense(X), pool).improve(stuck, 100)
    assert inertia(found) < 0.2 * inertia(stuck)
    np.testing.assert_array_equal(SwapSearch(hold_dense(X), pool).improve(found, 100), found)


def test_one_center_is_put_at_the_best_place() -> None:
    pool = X[:30].astype(np.float64)
    found = SwapSearch(hold_dense(X), pool).improve(pool[:1] + 50, 5)
    assert inertia(found) == min(inertia(place[None]) for place in pool)


def test_centers_are_added_where_they_gain_most_and_taken_away_where_they_are_missed_least() -> None:
    pool = X[:20].astype(np.float64)
    search = SwapSearch(hold_dense(X), pool)
    more = search.add_centers(pool[:3], 1)
    assert inertia(more) == min(inertia(np.concatenate([pool[:3], place[None]])) for place in pool)
    assert len(search.add_centers(pool[:3], 4)) == 7
    fewer = search.remove_centers(pool[:6], 1)
    assert inertia(fewer) == min(inertia(np.delete(pool[:6], center, axis=0)) for center in range(6))
    assert len(search.remove_centers(pool[:6], 4)) == 2
