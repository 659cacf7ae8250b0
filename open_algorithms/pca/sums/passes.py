"""Passes over the rows of a channel, of all hosts together.

Tests: tests/pca/training/test_fit.py, tests/pca/solving/test_iterating.py.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts, HostsStopped
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.csr import Features
from open_algorithms.learning.rows.kept import AnyRows, ChannelRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.pca.sums.choice import choose_columns, choose_gram, choose_products
from open_algorithms.pca.sums.totals import ColumnTotals, GramTotals

RUN_OPERATIONS = 20e9  # between two looks at whether to stop: about a quarter of a second on two cores

AddBlock = Callable[[Features], None]


@dataclass
class RowPasses:
    """Sums over the rows of a channel of all hosts; each of them divides its rows among `parts` threads.

    `listen(passes, rows)` is called after each block with how many passes are over, and how many rows of this host have
    been seen in this one. `was_stopped` tells whether a pass ended before the last row, as the job is asked to stop.
    """

    data: ChannelRows
    parts: int = 1
    hosts: Hosts = SINGLE_HOST
    raise_if_stopped: StopCheck = never_stop
    listen: Callable[[int, int], None] = lambda passes, rows: None
    was_stopped: bool = False
    passes: int = 0

    @property
    def is_sparse(self) -> bool:
        """Whether rows are sparse."""
        return isinstance(self.data.head_rows, SparseRows)

    @property
    def shift(self) -> Float64s:
        """What was subtracted from rows before they were stored, (d,): nothing of sparse ones."""
        mean = self.data.scaler.mean.astype(np.float64)
        return np.zeros_like(mean) if self.is_sparse else mean

    def sum_gram(self) -> GramTotals:
        """Return the totals and X'X of the rows, as they are stored, up to where the job is stopped.

        Raises KeyboardInterrupt where that is before the first row.
        """
        features = self.data.feature_dim
        gram = choose_gram(features, is_sparse=self.is_sparse, parts=self.parts)
        try:
            with self.hosts.stopping_together():
                self.run_pass([gram.add_block], features)
        except KeyboardInterrupt:  # the only host
            self.was_stopped = True
        own = gram.take_totals()
        try:
            columns = self.reduce_columns(own.columns)
        except HostsStopped:
            self.was_stopped = True
            columns = self.reduce_columns(own.columns)
        if not columns.rows:
            raise KeyboardInterrupt
        return GramTotals(columns, self.hosts.all_reduce(own.products))

    def sum_products(self, V: Float64s) -> Float64s:
        """Return X'(X V) of the rows, as they are stored, for V (d, k); raises KeyboardInterrupt once stopped."""
        products = choose_products(V, is_sparse=self.is_sparse, parts=self.parts)
        with self.hosts.stopping_together():
            self.run_pass([products.add_block], V.shape[1])
        return self.hosts.all_reduce(products.take_products())

    def sum_columns(self) -> ColumnTotals:
        """Return the totals of the rows; raises KeyboardInterrupt once stopped."""
        columns = choose_columns(self.data.feature_dim, is_sparse=self.is_sparse, parts=self.parts)
        with self.hosts.stopping_together():
            self.run_pass([columns.add_block], 1)
        return self.reduce_columns(columns.take_totals())

    def sum_first_products(self, V: Float64s) -> tuple[ColumnTotals, Float64s]:
        """Return the totals of the rows, too."""
        products = choose_products(V, is_sparse=self.is_sparse, parts=self.parts)
        columns = choose_columns(len(V), is_sparse=self.is_sparse, parts=self.parts)
        with self.hosts.stopping_together():
            self.run_pass([columns.add_block, products.add_block], V.shape[1])
        return self.reduce_columns(columns.take_totals()), self.hosts.all_reduce(products.take_products())

    def reduce_columns(self, own: ColumnTotals) -> ColumnTotals:
        """Return the totals of all hosts."""
        rows = float(self.hosts.all_reduce([own.rows])[0])
        return ColumnTotals(rows, self.hosts.all_reduce(own.sums), self.hosts.all_reduce(own.squares))

    def run_pass(self, adders: Sequence[AddBlock], columns: int) -> None:
        """Hand each block of rows to all adders, which have `columns` products for each feature."""
        seen = 0
        for rows in self.data.iterate_pieces():
            seen += self.add_piece(rows, adders, columns, seen)
            del rows  # before the next one is read: the memory is sized for that
        self.passes += 1

    def add_piece(self, rows: AnyRows, adders: Sequence[AddBlock], columns: int, seen: int) -> int:
        """Hand the blocks of some rows to all adders, after `seen` rows; return how many they are."""
        for block in split_rows(rows, columns):
            self.raise_if_stopped()
            for add_block in adders:
                add_block(block)
            seen += block.shape[0]
            self.listen(self.passes, seen)
        return len(rows)


def split_rows(rows: AnyRows, columns: int) -> Iterator[Features]:
    """Yield the features of rows, as they are stored, in blocks of RUN_OPERATIONS for `columns` products a feature."""
    values = max(1, rows.stored_numbers) / max(1, len(rows))
    size = max(1, int(RUN_OPERATIONS / (4 * values * columns)))
    for first in range(0, len(rows), size):
        last = min(first + size, len(rows))
        block = rows.slice_rows(first, last)
        yield block.X if isinstance(block, SparseRows) else block.X[: last - first, :-1]
