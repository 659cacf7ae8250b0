"""Lloyd's algorithm on several runs at once: each pass over the rows moves every center to the mean of its rows.

Runs that have settled, or can no longer win against another one of as many centers, take no further part.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from open_algorithms.k_means.clustering.population import Population, Totals
from open_algorithms.k_means.clustering.runs import Runs
from open_algorithms.learning.types.arrays import Float64s

GAIN_LEFT = 10.0  # times the last decrease of its inertia that a run may still gain

Refill = Callable[[Float64s, Float64s], Float64s]  # centers (k, d) and counts (k,): centers without one that has no row


@dataclass
class Lloyd:
    """The state of several runs: their centers, and the inertia of those before the last move, infinite at first.

    `decreases` (G,) are what the inertia fell by in the last pass, `active` the numbers of the runs that still move.
    """

    runs: list[Float64s]
    inertias: Float64s = field(init=False)
    decreases: Float64s = field(init=False)
    active: list[int] = field(init=False)
    passes: int = 0

    def __post_init__(self) -> None:
        self.inertias = np.full(len(self.runs), np.inf)
        self.decreases = np.full(len(self.runs), np.inf)
        self.active = list(range(len(self.runs)))

    def run(self, population: Population, passes: int, tolerance: float, *, prune: bool = False) -> None:
        """Make at most so many passes, until all runs have settled."""
        while self.active and self.passes < passes:
            self.make_pass(population, tolerance)
            if prune:
                self.prune_losers()

    def make_pass(self, population: Population, tolerance: float) -> Totals:
        """Move the centers of active runs; one settles where its inertia decreases by no more than a part `tolerance`.

        The centers of one that has settled are those after its last move.
        """
        joined = Runs.join([self.runs[g] for g in self.active])
        totals = population.sum_rows(joined)
        moved = totals.means(joined).split()
        for g, inertia, centers in zip(self.active, totals.inertias(joined), moved, strict=True):
            self.decreases[g] = self.inertias[g] - inertia
            self.inertias[g], self.runs[g] = inertia, centers
        self.active = [g for g in self.active if self.decreases[g] > tolerance * self.inertias[g]]
        self.passes += 1
        return totals

    def prune_losers(self) -> None:
        """Let runs go that are further from the best one of as many centers than they can still fall."""
        best: dict[int, float] = {}
        for centers, inertia in zip(self.runs, self.inertias, strict=True):
            best[len(centers)] = min(best.get(len(centers), np.inf), float(inertia))
        self.active = [
            g for g in self.active if self.inertias[g] - GAIN_LEFT * self.decreases[g] <= best[len(self.runs[g])]
        ]

    def find_best(self, sizes: Sequence[int]) -> list[int]:
        """Return the number of the run with the least inertia for each number of centers."""
        numbers = range(len(self.runs))
        return [min((g for g in numbers if len(self.runs[g]) == k), key=lambda g: self.inertias[g]) for k in sizes]
