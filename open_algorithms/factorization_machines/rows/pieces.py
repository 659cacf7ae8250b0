"""Pass over rows: as sparse rows in the units of machines, and in whole mini-batches.

Tests: tests/factorization_machines/training/test_fit.py.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from open_algorithms.factorization_machines.machines.machines import LabelledRows
from open_algorithms.factorization_machines.rows.units import Units
from open_algorithms.learning.rows.dense import DenseRows
from open_algorithms.learning.rows.kept import AnyRows, ChannelRows, TimeLimitedRows, join_rows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Int32s

OrderBySize = Callable[[int], Int32s]  # of rows, by the size of mini-batches
DENSE_NUMBERS = 2**21  # of dense rows that are made sparse at once, about
SPARSE_ROWS = 2**16  # that are scored at once


def convert_rows(rows: AnyRows, units: Units) -> LabelledRows:
    """Return rows as sparse ones in the units of machines."""
    if isinstance(rows, SparseRows):
        return LabelledRows(units.scale(rows.X), rows.labels, rows.row_weights)
    return LabelledRows(units.standardise(rows.X[: len(rows), :-1]), rows.labels, rows.row_weights)


def pad_order(order: Int32s, first: Int32s, batch_rows: int) -> Int32s:
    """Return the order of rows in whole mini-batches: the last one is filled with the rows `first`, again and again."""
    missing = -len(order) % batch_rows
    return order if not missing or not len(first) else np.concatenate([order, np.resize(first, missing)])


def iterate_batches(
    data: ChannelRows, units: Units, shuffler: np.random.Generator | None, largest_batch: int
) -> Iterator[tuple[LabelledRows, OrderBySize]]:
    """Yield parts of a channel's rows for an epoch, each with its order by the size of mini-batches.

    Sizes divide `largest_batch`. The last mini-batch is filled up with the first rows of the epoch, as the original
    does. Dense rows are made sparse some at a time.
    """
    for piece, order in data.iterate_epoch(shuffler):
        head = order[:largest_batch]
        if len(piece) % largest_batch and piece is not data.head_rows:
            piece, head = join_head(piece, data.head_rows, largest_batch)
        if isinstance(piece, SparseRows):
            yield convert_rows(piece, units), partial(pad_order, order, head)
            continue
        size = max(1, DENSE_NUMBERS // max(1, piece.feature_dim) // largest_batch) * largest_batch
        for first in range(0, len(order), size):
            part = order[first : first + size]
            taken = np.concatenate([part, head]) if len(part) % largest_batch else part
            numbers = np.arange(len(taken), dtype=np.int32)
            yield take_dense_rows(piece, taken, units), partial(pad_order, numbers[: len(part)], numbers[len(part) :])


def take_dense_rows(rows: DenseRows, numbers: Int32s, units: Units) -> LabelledRows:
    """Return dense rows with these numbers as sparse ones in the units of machines."""
    weights = None if rows.weights is None else rows.weights[numbers]
    return LabelledRows(units.standardise(rows.X[numbers, :-1]), rows.y[numbers, 0], weights)


def join_head(piece: AnyRows, head: AnyRows, most: int) -> tuple[AnyRows, Int32s]:
    """Return a piece with the first rows of its channel behind it, and the numbers of these."""
    first = head.copy_head(most)
    return join_rows(piece, first), np.arange(len(piece), len(piece) + len(first), dtype=np.int32)


def iterate_rows(data: ChannelRows | TimeLimitedRows, units: Units) -> Iterator[LabelledRows]:
    """Yield all rows once, in their order, some at a time."""
    for piece in data.iterate_pieces():
        size = SPARSE_ROWS
        if not isinstance(piece, SparseRows):
            size = max(1, DENSE_NUMBERS // max(1, piece.feature_dim))
        for first in range(0, len(piece), size):
            yield convert_rows(piece.slice_rows(first, min(first + size, len(piece))), units)
