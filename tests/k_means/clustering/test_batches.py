"""A center that mini-batches move is the mean of all rows that it was nearest to, and of itself."""

import numpy as np
import pytest

from open_algorithms.k_means.assigning.choice import choose_assigner
from open_algorithms.k_means.clustering.batches import MovingCenters, absorb_rows
from open_algorithms.k_means.clustering.population import Population
from open_algorithms.k_means.clustering.sampling import hold_dense
from tests.k_means.jobs import draw_rows

X = draw_rows(1050, spread=1.0)


@pytest.mark.parametrize("half_life", [0, 300])
def test_batches_move_centers_as_the_formula_says(half_life: int) -> None:
    moving = MovingCenters.start(X[:6].astype(np.float64))
    population = Population(lambda: [hold_dense(X[:600]), hold_dense(X[600:])], choose_assigner(1))
    assert list(absorb_rows(moving, population, 200, half_life)) == [200, 200, 200, 200, 200, 50]
    centers, counts = X[:6].astype(np.float64), np.ones(6)
    for batch in np.split(X, [200, 400, 600, 800, 1000]):
        nearest = np.square(batch[:, None] - centers.astype(np.float32)).sum(axis=2).argmin(axis=1)
        if half_life:
            counts = counts * 2.0 ** (-len(batch) / half_life)
        for k in range(6):
            rows = batch[nearest == k].astype(np.float64)
            if len(rows):
                share = len(rows) / (counts[k] + len(rows))
                centers[k] = (1 - share) * centers[k] + share * rows.mean(axis=0)
                counts[k] += len(rows)
    np.testing.assert_allclose(moving.centers, centers, atol=1e-5)
    np.testing.assert_allclose(moving.counts, counts)
    if not half_life:
        assert moving.counts.sum() == 6 + len(X)
