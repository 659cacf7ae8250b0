"""What rows are assigned to, and who assigns them.

Centers C (K, d) are those of G groups, one after the other: group g, the centers of one run of K-Means, ends before
center `ends[g]`, and each row belongs to one center of every group. That is the nearest, whose margin, x.c - |c|^2 / 2,
is largest: the squared distance of x and c is |x|^2 less twice the margin. Of equal margins it is the first.

Tests: tests/k_means/assigning/test_products.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.types.arrays import Float32s, Float64s, Int32s


@dataclass(frozen=True)
class Assignment:
    """The rows of each center: how many, `counts` (K,), and their sums (K, d), both by the weights of rows.

    If they were asked for, `labels` (n, G) are the numbers of rows' centers within their groups, and `margins` (n, G)
    what rows have with them; otherwise None.
    """

    counts: Float64s
    sums: Float64s
    labels: Int32s | None = None
    margins: Float32s | None = None


class Assigner(Protocol):
    """Assigns rows to centers."""

    def assign(
        self,
        rows: AnyRows,
        centers: Float32s,
        ends: Sequence[int],
        *,
        with_labels: bool = False,
        with_margins: bool = False,
        raise_if_stopped: StopCheck = never_stop,
    ) -> Assignment:
        """Assign standardised rows to centers (K, d), of groups that end before the centers `ends`, the last one K.

        Rows count by their weights, if they have some. Sparse rows are not centred: they have no `shift`. Products are
        taken in float32: where features are far from 0, compared to their spread, the caller subtracts their means.
        `raise_if_stopped` is called several times a second, and may raise.
        """
