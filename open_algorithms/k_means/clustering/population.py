"""The rows that are clustered, over all hosts, and what one pass over them tells of several runs.

Tests: tests/k_means/clustering/test_lloyd.py, tests/k_means/training/test_fit.py.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from open_algorithms.k_means.assigning.assignment import Assigner, Assignment
from open_algorithms.k_means.clustering.runs import Runs
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.csr import csr_matmul, expand_rows, slice_rows
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows, compact_and_transpose
from open_algorithms.learning.types.arrays import Float64s

ROWS_AT_ONCE = 2**15  # between which a job can be stopped
SQUARES_AT_ONCE = 2**16  # features whose squares are added up while they are in a cache
NUMBERS_AT_ONCE = 2**22  # of sparse rows that are made dense


@dataclass(frozen=True)
class Totals:
    """The rows of each center, `counts` (K,), their sums (K, d), and the sum of the squared norms of all rows."""

    counts: Float64s
    sums: Float64s
    squares: float

    def inertias(self, runs: Runs) -> Float64s:
        """Return for each run the sum of the squared distances of rows to the centers they were assigned to, (G,).

        sum |x - c|^2 = sum |x|^2 - 2 c.S + n |c|^2 with the sum S of the n rows of each center.
        """
        norms = np.einsum("kd,kd->k", runs.centers, runs.centers)
        terms = self.counts * norms - 2 * np.einsum("kd,kd->k", runs.centers, self.sums)
        return np.maximum(self.squares + np.add.reduceat(terms, runs.starts), 0.0)

    def means(self, runs: Runs) -> Runs:
        """Return each center as the mean of its rows; one without rows stays."""
        filled = self.counts[:, None] > 0
        means = np.where(filled, self.sums / np.where(filled, self.counts[:, None], 1), runs.centers)
        return Runs(means, runs.sizes)


class Population:
    """Rows that are passed over again and again, `open_pieces` yields those of this host.

    Between parts of them `raise_if_stopped` is called. All hosts must pass over their rows at the same time.
    """

    def __init__(
        self,
        open_pieces: Callable[[], Iterable[AnyRows]],
        assigner: Assigner,
        hosts: Hosts = SINGLE_HOST,
        raise_if_stopped: StopCheck = never_stop,
    ) -> None:
        self.open_pieces, self.assigner, self.hosts, self.raise_if_stopped = (
            open_pieces,
            assigner,
            hosts,
            raise_if_stopped,
        )
        self._squares: float | None = None  # over all hosts, once it is known

    def iterate_parts(self, most_rows: int = ROWS_AT_ONCE) -> Iterator[AnyRows]:
        """Yield this host's rows in parts of so many; drop each before asking for the next."""
        for rows in self.open_pieces():
            for part in split_rows(rows, most_rows):
                self.raise_if_stopped()
                yield part
                del part
            del rows

    def assign_rows(self, rows: AnyRows, runs: Runs, *, with_labels: bool = False) -> Assignment:
        """Assign rows of this host to the centers of each run."""
        return self.assigner.assign(
            rows,
            runs.centers.astype(np.float32),
            runs.ends,
            with_labels=with_labels,
            raise_if_stopped=self.raise_if_stopped,
        )

    def sum_rows(self, runs: Runs) -> Totals:
        """Assign all rows to the centers of each run, and add them up."""
        counts, sums, squares = np.zeros(len(runs.centers)), np.zeros(runs.centers.shape), 0.0
        with self.hosts.stopping_together():
            for rows in self.open_pieces():
                found = self.assign_rows(rows, runs)
                counts += found.counts
                sums += found.sums
                squares += 0.0 if self._squares is not None else sum(map(sum_squares, split_rows(rows)))
                del rows
        counts, sums, squares = add_hosts(self.hosts, counts, sums, squares)
        self._squares = squares if self._squares is None else self._squares
        return Totals(counts, sums, self._squares)


def split_rows(rows: AnyRows, most_rows: int = ROWS_AT_ONCE) -> Iterator[AnyRows]:
    """Yield rows in parts of so many."""
    for first in range(0, len(rows), most_rows):
        yield rows.slice_rows(first, min(first + most_rows, len(rows)))


def add_hosts(hosts: Hosts, counts: Float64s, sums: Float64s, squares: float) -> tuple[Float64s, Float64s, float]:
    """Return the sums over all hosts."""
    if hosts.count == 1:
        return counts, sums, squares
    flat = hosts.all_reduce(np.concatenate([counts, sums.reshape(-1), [squares]]))
    return flat[: len(counts)], flat[len(counts) : -1].reshape(sums.shape), float(flat[-1])


def row_squares(rows: AnyRows) -> Float64s:
    """Return the squared norm of each row, (n,)."""
    if isinstance(rows, SparseRows):
        squares = np.square(rows.X.data, dtype=np.float64)
        numbers = np.repeat(np.arange(len(rows)), np.diff(rows.X.indptr))
        return np.asarray(np.bincount(numbers, weights=squares, minlength=len(rows)), np.float64)
    found, step = np.empty(len(rows)), max(1, SQUARES_AT_ONCE // rows.feature_dim)
    for first in range(0, len(rows), step):
        X = rows.X[first : min(first + step, len(rows)), :-1].astype(np.float64)
        found[first : first + len(X)] = np.einsum("nd,nd->n", X, X)
    return found


def sum_squares(rows: AnyRows) -> float:
    """Return the sum of the squared norms of rows, by their weights if they have some."""
    found = row_squares(rows)
    return float(found.sum() if rows.row_weights is None else found @ rows.row_weights)


def pair_products(rows: AnyRows) -> Float64s:
    """Return the products of all pairs of rows, (n, n), in float64."""
    count = len(rows)
    if not isinstance(rows, SparseRows):
        wide = rows.X[:count, :-1].astype(np.float64)
        return np.asarray(wide @ wide.T)
    X = compact_and_transpose(rows.X)[1]
    found, step = np.zeros((count, count)), max(1, NUMBERS_AT_ONCE // max(1, int(X.shape[1] or 0)))
    for first in range(0, count if len(X.data) else 0, step):
        some = slice_rows(X, first, min(first + step, count))
        found[:, first : first + step] = csr_matmul(X, expand_rows(some).T)
    return found
