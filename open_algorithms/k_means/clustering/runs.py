"""Several runs of K-Means side by side: their centers.

Tests: tests/k_means/clustering/test_lloyd.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from open_algorithms.learning.types.arrays import Float64s


@dataclass(frozen=True)
class Runs:
    """The centers (K, d) of several runs, one after the other: of run g so many as `sizes[g]`."""

    centers: Float64s
    sizes: tuple[int, ...]

    @classmethod
    def join(cls, parts: Sequence[Float64s]) -> "Runs":
        """Return the runs of which each has the centers (k, d) of one part."""
        return cls(np.concatenate(parts), tuple(map(len, parts)))

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def ends(self) -> list[int]:
        """The numbers of the centers before which runs end."""
        ends: list[int] = np.cumsum(self.sizes).tolist()
        return ends

    @property
    def starts(self) -> list[int]:
        """The numbers of the first centers of runs."""
        return [0, *self.ends[:-1]]

    def split(self) -> list[Float64s]:
        """Return the centers (k, d) of each run."""
        return np.split(self.centers, self.ends[:-1])

    def take(self, numbers: Iterable[int]) -> "Runs":
        """Return only the runs of these numbers, at least one."""
        parts = self.split()
        return Runs.join([parts[number] for number in numbers])
