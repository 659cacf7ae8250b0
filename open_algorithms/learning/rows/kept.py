"""A channel's standardised rows, epoch after epoch: held in memory, or streamed from their source."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

import numpy as np

from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.csr import Csr, as_csr, as_dense, slice_rows, used_width
from open_algorithms.learning.rows.dense import (
    ORDER_BYTES,
    UNSIGNED,
    Block,
    DenseRows,
    DenseRowsBuilder,
    Design,
    epoch_order,
)
from open_algorithms.learning.rows.scaling import Scaler
from open_algorithms.learning.rows.sparse import (
    LARGEST_EAGER_WIDTH,
    ROW_BYTES,
    VALUE_BYTES,
    SparseRows,
    SparseRowsBuilder,
)
from open_algorithms.learning.types.arrays import Float32s, Int32s

T = TypeVar("T")
AnyRows = DenseRows | SparseRows
RowsBuilder = DenseRowsBuilder | SparseRowsBuilder
LabelRange = tuple[float, float]
Prefetch = Callable[[Generator[AnyRows, None, None]], Iterator[AnyRows]]
PIECES_IN_MEMORY = (
    7  # of a stream's memory: one in training, the last one, two read ahead, one being joined from its parts
)
VALUES_AT_ONCE = 2**19  # that are standardised at once
ROWS_PER_CHECK = 512  # rows that are judged between two looks at the clock
HEAD_DIVISOR = 64  # the part of a stream's memory that its first rows stay in, for a job that is stopped


@dataclass(frozen=True)
class Storage:
    """How the rows of a channel are kept: sparse, or dense in a design, within so many bytes.

    Where they are streamed, it is in pieces of whole mini-batches of `batch_size` rows; `prefetch` reads them in the
    background, ahead of their consumer.
    """

    byte_limit: int
    batch_size: int
    is_sparse: bool
    design: Design = UNSIGNED
    prefetch: Prefetch = iter


@dataclass
class HeldRows:
    """A channel whose rows are all in memory."""

    rows: AnyRows
    scaler: Scaler

    def weigh_rows(self, weights: Float32s) -> None:
        """Let rows count by these weights (n,)."""
        self.rows = self.rows.weigh_rows(weights)

    @property
    def row_weights(self) -> Float32s | None:
        """How much each row counts, (n,); None where all count alike."""
        return self.rows.row_weights

    @property
    def feature_dim(self) -> int:
        """The number of features."""
        return self.rows.feature_dim

    @property
    def row_count(self) -> int:
        """The number of rows."""
        return len(self.rows)

    @property
    def held_bytes(self) -> int:
        """The memory that the rows take in training, in bytes."""
        return self.rows.nbytes + ORDER_BYTES * self.row_count

    def iterate_epoch(self, shuffler: np.random.Generator | None) -> Iterator[tuple[AnyRows, Int32s]]:
        """Yield pieces of rows, here one of all, each with the order to train on it in."""
        yield self.rows, epoch_order(len(self.rows), shuffler)

    @property
    def head_rows(self) -> AnyRows:
        """The rows that are available at any time: all."""
        return self.rows

    @property
    def label_range(self) -> LabelRange | None:
        """The smallest and the largest raw label, None without rows."""
        return widen_range(None, self.rows, self.scaler)

    def abandon_first_pass(self) -> None:
        """Do nothing: a pass over rows in memory always starts anew."""

    def iterate_pieces(self) -> Iterator[AnyRows]:
        """Yield pieces of rows, here one of all."""
        yield self.rows

    def raw_blocks(self) -> Iterator[Block]:
        """Yield all rows in raw units."""
        return self.rows.raw_blocks(self.scaler)


@dataclass
class StreamedRows:
    """A channel whose rows are read anew for every pass, in pieces of whole mini-batches.

    The first pass starts with `first_rows`, read before it was clear that the data does not fit the memory, and
    continues with the standardised blocks `rest_blocks`. Later passes read what `open_blocks` opens. `row_count` is the
    number of rows after the first epoch, before that the number in `first_rows`. Drop each piece before asking for the
    next: the memory is sized for that.
    """

    first_rows: AnyRows | None
    rest_blocks: Iterator[Block]
    open_blocks: Callable[[], Iterator[Block]]
    scaler: Scaler
    storage: Storage

    def __post_init__(self) -> None:
        assert self.first_rows is not None
        self.row_count = len(self.first_rows)
        self.label_range: LabelRange | None = None
        self.range_so_far: LabelRange | None = None
        self.row_weights: Float32s | None = None
        self.head_rows = self.first_rows.copy_head(
            max(1, len(self.first_rows) * self.held_bytes // HEAD_DIVISOR // self.first_rows.nbytes)
        )

    def weigh_rows(self, weights: Float32s) -> None:
        """Let rows count by these weights (n,); called before the first pass."""
        self.row_weights, first = weights, self.rows
        self.first_rows = first.weigh_rows(weights[: len(first)])
        self.head_rows = self.head_rows.weigh_rows(weights[: len(self.head_rows)])

    @property
    def rows(self) -> AnyRows:
        """The rows that were read first; available until the first pass starts."""
        assert self.first_rows is not None
        return self.first_rows

    @property
    def feature_dim(self) -> int:
        """The number of features."""
        return len(self.scaler.mean)

    @property
    def held_bytes(self) -> int:
        """The memory that pieces may take at most, in bytes."""
        return self.storage.byte_limit

    def iterate_epoch(self, shuffler: np.random.Generator | None) -> Iterator[tuple[AnyRows, Int32s]]:
        """Yield pieces of rows, each with the order to train on it in."""
        count = 0
        for rows in self.iterate_pieces():
            count += len(rows)
            order = epoch_order(len(rows), shuffler)
            yield rows, order
            del rows
        self.row_count = count

    def iterate_pieces(self) -> Iterator[AnyRows]:
        """Yield all rows once, in their order; after the last piece `label_range` is set."""
        self.range_so_far = None
        seen = 0
        for rows in self.read_pieces():
            self.range_so_far = widen_range(self.range_so_far, rows, self.scaler)
            if self.row_weights is not None:
                rows = rows.weigh_rows(self.row_weights[seen : seen + len(rows)])
            seen += len(rows)
            yield rows
            del rows
        self.label_range = self.range_so_far

    def read_pieces(self) -> Iterator[AnyRows]:
        """Yield the first rows, if this is the first pass, then the remaining pieces."""
        blocks = self.rest_blocks
        if self.first_rows is None:
            blocks = standardise_blocks(self.open_blocks(), self.scaler, self.storage.is_sparse)
        else:
            yield self.take_first_rows()
        yield from self.storage.prefetch(group_into_pieces(blocks, self.scaler, self.storage))

    def abandon_first_pass(self) -> None:
        """Drop what is left of the first pass, so that the next one is divided into pieces as all later ones are.

        A FIFO can only be reopened once its current reader has closed it.
        """
        self.first_rows, self.rest_blocks = None, iter(())

    def take_first_rows(self) -> AnyRows:
        """Return the first rows and drop the reference to them."""
        rows, self.first_rows = self.rows, None
        return rows

    def raw_blocks(self) -> Iterator[Block]:
        """Yield all rows in raw units."""
        return self.open_blocks()


@dataclass
class TimeLimitedRows:
    """The head of a channel, as far as a pass gets within `seconds`; for a job that is stopped.

    `rows_seen` is the number of rows in the last pass over raw rows.
    """

    rows: AnyRows
    scaler: Scaler
    seconds: float
    rows_seen: int = 0

    @property
    def row_weights(self) -> Float32s | None:
        """How much each row counts, (n,); None where all count alike."""
        return self.rows.row_weights

    def iterate_pieces(self) -> Iterator[AnyRows]:
        """Yield the first rows in small pieces, at least one, until the time is up."""
        firsts = range(0, len(self.rows), ROWS_PER_CHECK)
        yield from self.take_in_time(
            self.rows.slice_rows(first, min(first + ROWS_PER_CHECK, len(self.rows))) for first in firsts
        )

    def raw_blocks(self) -> Iterator[Block]:
        """Yield the first rows in raw units, at least one block, until the time is up."""
        self.rows_seen = 0
        for X, y in self.take_in_time(self.rows.raw_blocks(self.scaler, ROWS_PER_CHECK * 128)):
            self.rows_seen += len(y)
            yield X, y

    def take_in_time(self, items: Iterable[T]) -> Iterator[T]:
        """Yield items, at least one, until the time is up."""
        end = time.monotonic() + self.seconds
        for item in items:
            yield item
            if time.monotonic() > end:
                return


ChannelRows = HeldRows | StreamedRows


def join_rows(first: AnyRows, others: AnyRows) -> AnyRows:
    """Return rows and then the others, which are of the same kind."""
    if isinstance(first, DenseRows) and isinstance(others, DenseRows):
        return first.join_rows(others)
    assert isinstance(first, SparseRows)
    assert isinstance(others, SparseRows)
    return first.join_rows(others)


def widen_range(known: LabelRange | None, rows: AnyRows, scaler: Scaler) -> LabelRange | None:
    """Return the range of raw labels, extended by those of `rows`; None where there have been no rows."""
    if not len(rows):
        return known
    least, most = scaler.restore_label(np.array([rows.labels.min(), rows.labels.max()])).tolist()
    return (least, most) if known is None else (min(least, known[0]), max(most, known[1]))


def hold_or_stream(
    blocks: Iterator[Block],
    open_blocks: Callable[[], Iterator[Block]],
    scaler: Scaler,
    storage: Storage,
    widest_of_hosts: Callable[[int], int] | None = None,
) -> ChannelRows:
    """Hold the rows of raw `blocks` in memory if the storage has room; otherwise stream them from `open_blocks`.

    Where the data does not say how many features there are, `widest_of_hosts` is given, which maps the width found here
    to the largest over all hosts; features beyond the scaler's keep their units. Raises InputError where such data does
    not fit, or not even one mini-batch does.
    """
    features = known = len(scaler.mean)
    builder: RowsBuilder
    if storage.is_sparse:
        builder = SparseRowsBuilder(storage.byte_limit)
    else:
        builder = DenseRowsBuilder(known, storage.byte_limit // (4 * (known + 2) + ORDER_BYTES), storage.design)
    stream = standardise_blocks(blocks, scaler, storage.is_sparse)
    for block in stream:
        X, y = block
        if not builder.try_add(X, y):
            break
        features = max(features, used_width(X))
    else:
        features = features if widest_of_hosts is None else widest_of_hosts(features)
        scaler = finish_scaler(scaler, features, storage.is_sparse)
        return HeldRows(builder.build_rows(scaler), scaler)
    if widest_of_hosts is not None:
        raise InputError(
            f"The data is larger than the {storage.byte_limit / 2**20:.0f} MiB that there are for it and does not tell "
            "how many features it has. Set feature_dim, or use an instance with more memory."
        )
    scaler = finish_scaler(scaler, known, storage.is_sparse)
    rest = chain([builder.pop_remainder(storage.batch_size), block], stream)
    if not builder.row_count:
        raise InputError(
            f"A mini-batch of {storage.batch_size} rows is larger than the {storage.byte_limit / 2**20:.0f} MiB that "
            "there are for data. Lower mini_batch_size, or use an instance with more memory."
        )
    return StreamedRows(builder.build_rows(scaler), rest, open_blocks, scaler, storage)


def finish_scaler(scaler: Scaler, features: int, is_sparse: bool) -> Scaler:
    """Extend the scaler to all features; switch off centring for sparse data beyond LARGEST_EAGER_WIDTH features."""
    scaler = scaler.widened_to(features)
    return scaler.without_centring() if is_sparse and features > LARGEST_EAGER_WIDTH else scaler


def standardise_blocks(blocks: Iterator[Block], scaler: Scaler, is_sparse: bool) -> Iterator[Block]:
    """Yield blocks standardised, or only scaled where `is_sparse`; all become dense or all become sparse."""
    for X, y in blocks:
        labels = scaler.standardise_label(y)
        values = len(X.data) if is_sparse and isinstance(X, Csr) else len(y) * int(X.shape[1] or 1)
        rows = max(1, len(y) * VALUES_AT_ONCE // max(values, 1))
        for first in range(0, len(y), rows):
            last = min(first + rows, len(y))
            part = slice_rows(X, first, last)
            yield (
                scaler.scale_features(as_csr(part)) if is_sparse else scaler.standardise_features(as_dense(part)),
                labels[first:last],
            )


def group_into_pieces(blocks: Iterator[Block], scaler: Scaler, storage: Storage) -> Generator[AnyRows, None, None]:
    """Group standardised blocks into pieces of whole mini-batches, each of its share of the storage.

    The last piece has the remaining rows.
    """
    parts: list[Block] = []
    taken = rows = 0
    for block in blocks:
        parts.append(block)
        taken += block_bytes(block)
        rows += len(block[1])
        if taken >= storage.byte_limit // PIECES_IN_MEMORY and rows >= storage.batch_size:
            builder = collect_blocks(parts, scaler, storage)
            parts = [builder.pop_remainder(storage.batch_size)]
            taken, rows = block_bytes(parts[0]), len(parts[0][1])
            yield builder.build_rows(scaler)
            del builder
    if any(len(y) for _, y in parts):
        yield collect_blocks(parts, scaler, storage).build_rows(scaler)


def collect_blocks(parts: list[Block], scaler: Scaler, storage: Storage) -> RowsBuilder:
    """Collect standardised blocks in a builder."""
    builder: RowsBuilder
    if storage.is_sparse:
        builder = SparseRowsBuilder(sum(map(block_bytes, parts)))
    else:
        builder = DenseRowsBuilder(len(scaler.mean), sum(len(y) for _, y in parts), storage.design)
    for part in parts:
        builder.try_add(*part)
    return builder


def block_bytes(block: Block) -> int:
    """Return the bytes that a block takes in memory."""
    X, y = block
    return ROW_BYTES * len(y) + (VALUE_BYTES * len(X.data) if isinstance(X, Csr) else X.nbytes)
