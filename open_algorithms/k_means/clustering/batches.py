"""Move centers by mini-batches, as web-scale K-Means does: each is the mean of all rows that it ever was nearest to.

Sculley, Web-scale k-means clustering, 2010.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from open_algorithms.k_means.clustering.population import Population, add_hosts
from open_algorithms.k_means.clustering.runs import Runs
from open_algorithms.k_means.clustering.sampling import Sampler, stored_features
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.types.arrays import Float64s

LARGEST, SMALLEST = 1e17, 1e-16  # of a feature, whose square float32 can hold


@dataclass
class MovingCenters:
    """Centers (K, d), and how many rows each is the mean of, (K,), which begins with 1: itself."""

    centers: Float64s
    counts: Float64s

    @classmethod
    def start(cls, centers: Float64s) -> "MovingCenters":
        """Start from centers (K, d)."""
        return cls(centers, np.ones(len(centers)))

    def move(self, counts: Float64s, sums: Float64s, half_life: int) -> None:
        """Move to a mini-batch, of which each center is the nearest to `counts` (K,) rows with these `sums` (K, d).

        Rows seen before count half after `half_life` further ones, 0 for never.
        """
        if half_life:
            self.counts = self.counts * 0.5 ** (counts.sum() / half_life)
        total = self.counts + counts
        known = total > 0  # a row that is ages old may count nothing
        share = np.where(known, counts / np.where(known, total, 1), 0)[:, None]
        means = sums / np.maximum(counts, 1)[:, None]
        self.centers = np.where(counts[:, None] > 0, (1 - share) * self.centers + share * means, self.centers)
        self.counts = total


def absorb_rows(
    moving: MovingCenters, population: Population, batch_rows: int, half_life: int, sampler: Sampler | None = None
) -> Iterator[int]:
    """Move the centers by all rows once; yield after each mini-batch how many rows of all hosts it had.

    Each host adds `batch_rows` rows to a mini-batch, the last ones fewer. The sampler sees all rows of this host.
    """
    parts = population.iterate_parts(batch_rows)
    while rows_here := take_batch(moving, population, parts, half_life, sampler):
        yield rows_here


def check_magnitude(largest: float) -> None:
    """Raise InputError where a feature, or a sum of some rows, is so large that float32 cannot hold its square."""
    if not largest < LARGEST:
        raise InputError(
            f"channel 'train': expected features below {LARGEST:.0e}, whose squares float32 holds, found about "
            f"{largest:.3g}. Set normalize_data=true, divide them by a fixed number, or leave that column out."
        )


def check_smallness(rows: AnyRows) -> None:
    """Raise InputError where features are so small that float32 cannot hold the squares of differences."""
    largest = float(np.abs(stored_features(rows)).max(initial=0))
    if 0 < largest < SMALLEST:
        raise InputError(
            f"channel 'train': expected features that differ by more than {SMALLEST:.0e}, whose squares float32 holds, "
            f"found about {largest:.3g}. Set normalize_data=true, or multiply them by a fixed number."
        )


def take_batch(
    moving: MovingCenters,
    population: Population,
    parts: Iterator[AnyRows],
    half_life: int,
    sampler: Sampler | None,
) -> int:
    """Move the centers by the next mini-batch; return how many rows it had on all hosts, 0 at the end."""
    runs = Runs(moving.centers, (len(moving.centers),))
    counts, sums = np.zeros(len(moving.centers)), np.zeros(moving.centers.shape)
    with population.hosts.stopping_together():
        if (rows := next(parts, None)) is not None:
            found = population.assign_rows(rows, runs)
            counts, sums = found.counts, found.sums
            if sampler is not None:
                sampler.add(rows)
    counts, sums, _ = add_hosts(population.hosts, counts, sums, 0.0)
    check_magnitude(float(np.abs(sums).max(initial=0)))
    if rows_of_all := round(float(counts.sum())):
        moving.move(counts, sums, half_life)
    return rows_of_all
