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
from open_algorithms.learning.job.stop import StopCheck, never_stop


def shrink_centers(
    moving: MovingCenters,
    k: int,
    settings: LloydSettings,
    assigner: Assigner,
    generator: np.random.Generator,
    raise_if_stopped: StopCheck = never_stop,
) -> Lloyd:
    """Return the attempts to cluster centers into `k`, each with its inertia; centers count by their counts.

    Raises KeyboardInterrupt where the job is asked to stop: many centers take their time.
    """
    rows = hold_dense(moving.centers.astype(np.float32), moving.counts.astype(np.float32))
    seeder = Seeder(rows, raise_if_stopped)
    starts = [seeder.choose(k, settings.init_method, generator) for _ in range(settings.trials)]
    attempts = Lloyd(starts)
    population = Population(lambda: [rows], assigner, raise_if_stopped=raise_if_stopped)
    attempts.run(population, settings.max_iter, settings.tol)
    return attempts
