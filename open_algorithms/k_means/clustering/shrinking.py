"""Cluster the many centers that mini-batches moved, each by its count: several attempts, all at once.

Tests: tests/k_means/training/test_fit.py.
"""

import numpy as np

from open_algorithms.k_means.assigning.assignment import Assigner
from open_algorithms.k_means.clustering.batches import MovingCenters
from open_algorithms.k_means.clustering.lloyd import Lloyd
from open_algorithms.k_means.clustering.population import Population
from open_algorithms.k_means.clustering.sampling import hold_dense
from open_algorithms.k_means.clustering.seeding import Seeder
from open_algorithms.k_means.options.hyperparameters import LloydSettings


def shrink_centers(
    moving: MovingCenters, k: int, settings: LloydSettings, assigner: Assigner, generator: np.random.Generator
) -> Lloyd:
    """Return the attempts to cluster centers into `k`, each with its inertia; centers count by their counts."""
    rows = hold_dense(moving.centers.astype(np.float32), moving.counts.astype(np.float32))
    seeder = Seeder(rows)
    starts = [seeder.choose(k, settings.init_method, generator) for _ in range(settings.trials)]
    attempts = Lloyd(starts)
    attempts.run(Population(lambda: [rows], assigner), settings.max_iter, settings.tol)
    return attempts
