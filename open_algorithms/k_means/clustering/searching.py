"""Search on a sample for the starts of exact passes: attempts settle there, and the best of them swap centers.

Tests: tests/k_means/training/test_fit.py.
"""

from collections.abc import Sequence

import numpy as np

from open_algorithms.k_means.assigning.assignment import Assigner
from open_algorithms.k_means.clustering.lloyd import Lloyd
from open_algorithms.k_means.clustering.population import Population
from open_algorithms.k_means.clustering.seeding import Seeder
from open_algorithms.k_means.clustering.swapping import SwapSearch
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.types.arrays import Float64s

PASSES, TOLERANCE = 100, 1e-4  # of Lloyd's algorithm on the sample
SEARCHED_ROWS = 2**14  # of the sample, on which attempts settle and swaps are judged
SEEDED_ROWS = 2048  # of these, among which some that are far from each other are places, too
ROUNDS = 2  # of swaps, and passes after them
RUNS_KEPT = 3  # that swap centers, where there is one number of them; otherwise one of each
LARGEST_POOL = 500  # places that centers are swapped to
BREATHS, BREATHS_AT_MOST = (1, 2, 4), 6  # centers that a run gets more for a time, and rounds of that
PRODUCTS_TRIED = 2e7  # multiplications of a pass with as many runs, beyond which there are no such rounds
DISTANCES_LOOKED_AT = 3e8  # in all swaps: those of the searched rows from the pool, each time


def search_starts(
    attempts: Sequence[Float64s],
    sample: AnyRows,
    places: Float64s,
    assigner: Assigner,
    generator: np.random.Generator,
    raise_if_stopped: StopCheck = never_stop,
) -> Lloyd:
    """Return the best runs of each number of centers on the sample, that began as the attempts; settled there.

    Centers are swapped to `places` (p, d) and to rows of the sample that are far from each other. Raises
    KeyboardInterrupt where the job is asked to stop.
    """
    searched = sample.slice_rows(0, min(SEARCHED_ROWS, len(sample)))
    population = Population(lambda: [searched], assigner, raise_if_stopped=raise_if_stopped)
    runs = settle(attempts, population)
    sizes = sorted({len(centers) for centers in attempts})
    several = RUNS_KEPT if len(sizes) == 1 else 1
    kept = [centers for k in sizes for centers in keep_best(runs, k)[:several]]
    few = searched.slice_rows(0, min(SEEDED_ROWS, len(searched)))
    apart = Seeder(few, raise_if_stopped).choose(min(2 * sizes[-1], LARGEST_POOL), "kmeans++", generator)
    pool = np.concatenate([apart, places])[:LARGEST_POOL]
    most_swaps = int(DISTANCES_LOOKED_AT / (len(searched) * len(pool) * len(kept) * ROUNDS))
    breathes = searched.stored_numbers * sum(sizes) * len(BREATHS) <= PRODUCTS_TRIED
    if most_swaps or breathes:
        search = SwapSearch(searched, pool)
        for _ in range(ROUNDS if most_swaps else 0):
            kept = settle([search.improve(centers, most_swaps) for centers in kept], population).runs
        kept = breathe(kept, search, population) if breathes else kept
    return settle(kept, Population(lambda: [sample], assigner, raise_if_stopped=raise_if_stopped))


def breathe(runs: list[Float64s], search: SwapSearch, population: Population) -> list[Float64s]:
    """Give the best run of each number of centers some more, let it settle, and take as many away; return the best.

    This goes on as long as one gets better by that. Fritzke, Breathing k-means, 2020.
    """
    sizes = sorted({len(centers) for centers in runs})
    found = settle(runs, population)
    for _ in range(BREATHS_AT_MOST):
        best = [found.runs[g] for g in found.find_best(sizes)]
        before = [float(found.inertias[g]) for g in found.find_best(sizes)]
        widened = [search.add_centers(centers, more) for centers in best for more in BREATHS]
        origins = [len(centers) for centers in best for _ in BREATHS]
        wide = settle(widened, population, prune=False).runs
        narrowed = [search.remove_centers(centers, len(centers) - k) for centers, k in zip(wide, origins, strict=True)]
        found = settle([*best, *narrowed], population)
        after = [float(found.inertias[g]) for g in found.find_best(sizes)]
        if all(new > (1 - TOLERANCE) * old for new, old in zip(after, before, strict=True)):
            break
    return [centers for k in sizes for centers in keep_best(found, k)]


def settle(starts: Sequence[Float64s], population: Population, *, prune: bool = True) -> Lloyd:
    """Return runs from these starts that have settled on a population, or but for those that cannot win."""
    runs = Lloyd(list(starts))
    runs.run(population, PASSES, TOLERANCE, prune=prune)
    return runs


def keep_best(runs: Lloyd, k: int) -> list[Float64s]:
    """Return the best different runs of k centers."""
    order = sorted((g for g, centers in enumerate(runs.runs) if len(centers) == k), key=lambda g: runs.inertias[g])
    kept = [g for i, g in enumerate(order) if not i or runs.inertias[g] > (1 + TOLERANCE) * runs.inertias[order[i - 1]]]
    return [runs.runs[g] for g in kept[:RUNS_KEPT]]
