"""Which column of a bank belongs to which candidate: linear weights first, then blocks of factors.

Columns lie in blocks of EIGHT. The linear weights of M candidates take the first M columns, then each candidate has as
many blocks as its factors need; what is left of a block is padding, which is 0 and stays so.

Tests: tests/factorization_machines/machines/test_bank.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from open_algorithms.factorization_machines.options.candidates import Candidate
from open_algorithms.learning.types.arrays import Float32s, Int32s

EIGHT = 8  # as in factors.c


def count_blocks(columns: int) -> int:
    """Return how many blocks so many columns take."""
    return -(-columns // EIGHT)


@dataclass(frozen=True)
class Layout:
    """The columns of some candidates."""

    candidates: tuple[Candidate, ...]

    @property
    def linear_blocks(self) -> int:
        """The blocks of linear weights."""
        return count_blocks(len(self.candidates))

    @property
    def linear_columns(self) -> int:
        """The columns of linear weights, padding included; biases have as many."""
        return EIGHT * self.linear_blocks

    @cached_property
    def owners(self) -> Int32s:
        """The place of the candidate that owns each block of factors, (blocks,); of linear weights it means nothing."""
        owners = [place for place, c in enumerate(self.candidates) for _ in range(count_blocks(c.num_factors))]
        return np.array([0] * self.linear_blocks + owners, np.int32)

    @property
    def width(self) -> int:
        """The number of columns."""
        return EIGHT * len(self.owners)

    @cached_property
    def factors(self) -> tuple[slice, ...]:
        """The columns of each candidate's factors."""
        ends = np.cumsum([self.linear_blocks, *(count_blocks(c.num_factors) for c in self.candidates)]) * EIGHT
        return tuple(slice(int(end), int(end) + c.num_factors) for end, c in zip(ends, self.candidates, strict=False))

    def spread_linear(self, values: Sequence[float]) -> Float32s:
        """Return a value of each candidate for its linear weight or bias, (linear columns,); 0 for padding."""
        spread = np.zeros(self.linear_columns, np.float32)
        spread[: len(values)] = values
        return spread

    def spread(self, linear: Sequence[float], factors: Sequence[float]) -> Float32s:
        """Return two values of each candidate, for its linear weight and for its factors, as columns, (width,)."""
        spread = np.zeros(self.width, np.float32)
        spread[: len(linear)] = linear
        for columns, value in zip(self.factors, factors, strict=True):
            spread[columns] = value
        return spread


def columns_needed(candidates: Sequence[Candidate]) -> int:
    """Return about how many columns candidates take, however they are divided."""
    return sum(EIGHT * count_blocks(candidate.num_factors) for candidate in candidates) + 2 * EIGHT + len(candidates)
