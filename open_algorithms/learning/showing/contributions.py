"""What columns add to an answer.

Tests: tests/linear_learner/describing/test_shares.py, tests/pca/describing/test_shares.py.
"""

from collections.abc import Sequence
from typing import NamedTuple

from open_algorithms.learning.types.arrays import Float64s


class Contributions(NamedTuple):
    """What columns add to a number of each row: their names, what the rows begin with (n,), and their parts (n, c).

    The base and the parts of a row add up to its number.
    """

    names: Sequence[str]
    base: Float64s
    added: Float64s
