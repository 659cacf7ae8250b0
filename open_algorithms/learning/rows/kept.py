"""A channel's standardised rows, epoch after epoch: held in memory, or streamed from their source."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.csr import as_matrix, as_sparse, slice_rows
from open_algorithms.learning.rows.dense import ORDER_BYTES, Block, Rows, RowsBuilder, epoch_order
from open_algorithms.learning.rows.scaling import Scaler
from open_algorithms.learning.rows.sparse import FULL_WIDTH, ROW_BYTES, VALUE_BYTES, SparseRows, SparseRowsBuilder

T = TypeVar("T")
Floats = NDArray[Any]
AnyRows = Rows | SparseRows
Range = tuple[float, float]
Ahead = Callable[[Generator[AnyRows, None, None]], Iterator[AnyRows]]
PIECES = 7  # of a stream's memory: one in training, the last one, two read ahead, one being joined from its parts
VALUES = 2**19  # that are standardised at once
GLANCE = 512  # rows that are judged between two looks at the clock
HEAD = 64  # the part of a stream's memory that its first rows stay in, for a job that is stopped


@dataclass
class Held:
    """A channel whose rows are all in memory."""

    rows: AnyRows
    scaler: Scaler

    @property
    def features(self) -> int:
        """The number of features."""
        return self.rows.features

    @property
    def count(self) -> int:
        """The number of rows."""
        return len(self.rows)

    @property
    def held_bytes(self) -> int:
        """The memory that the rows take in training, in bytes."""
        return self.rows.nbytes + ORDER_BYTES * self.count

    def epoch(self, shuffler: np.random.Generator | None) -> Iterator[tuple[AnyRows, NDArray[np.int32]]]:
        """Yield pieces of rows, here one of all, each with the order to train on it in."""
        yield self.rows, epoch_order(len(self.rows), shuffler)

    @property
    def head(self) -> AnyRows:
        """The rows that are available at any time: all."""
        return self.rows

    @property
    def label_range(self) -> Range | None:
        """The smallest and the largest raw label, None without rows."""
        return widen(None, self.rows, self.scaler)

    def rewind(self) -> None:
        """Do nothing: a pass over rows in memory always starts anew."""

    def pieces(self) -> Iterator[AnyRows]:
        """Yield pieces of rows, here one of all."""
        yield self.rows

    def raw(self) -> Iterator[Block]:
        """Yield all rows in raw units."""
        return self.rows.raw(self.scaler)


@dataclass
class Streamed:
    """A channel whose rows are read anew for every pass, in pieces of whole mini-batches.

    The first pass starts with `first_rows`, read before it was clear that the data does not fit the memory, and
    continues with the standardised blocks `rest_blocks`. Later passes read what `open_blocks` opens. `row_count` is the
    number of rows after the first epoch, before that the number in `first_rows`. Drop each piece before asking for the
    next: the memory is sized for that.
    """

    begun: AnyRows | None
    rest: Iterator[Block]
    source: Callable[[], Iterator[Block]]
    scaler: Scaler
    batch: int
    room: int
    ahead: Ahead

    def __post_init__(self) -> None:
        assert self.begun is not None
        self.count = len(self.begun)
        self.sparse = isinstance(self.begun, SparseRows)
        self.signed = isinstance(self.begun, Rows) and self.begun.signed
        self.label_range: Range | None = None
        self.seen_range: Range | None = None
        self.head = self.begun.first(max(1, len(self.begun) * self.room // HEAD // self.begun.nbytes))

    @property
    def rows(self) -> AnyRows:
        """The rows that were read first; available until the first pass starts."""
        assert self.begun is not None
        return self.begun

    @property
    def features(self) -> int:
        """The number of features."""
        return len(self.scaler.mean)

    @property
    def held_bytes(self) -> int:
        """The memory that pieces may take at most, in bytes."""
        return self.room

    def epoch(self, shuffler: np.random.Generator | None) -> Iterator[tuple[AnyRows, NDArray[np.int32]]]:
        """Yield pieces of rows, each with the order to train on it in."""
        count = 0
        for rows in self.pieces():
            count += len(rows)
            order = epoch_order(len(rows), shuffler)
            yield rows, order
            del rows
        self.count = count

    def pieces(self) -> Iterator[AnyRows]:
        """Yield all rows once, in their order; after the last piece `label_range` is set."""
        self.seen_range = None
        for rows in self.all_pieces():
            self.seen_range = widen(self.seen_range, rows, self.scaler)
            yield rows
            del rows
        self.label_range = self.seen_range

    def all_pieces(self) -> Iterator[AnyRows]:
        """Yield the first rows, if this is the first pass, then the remaining pieces."""
        blocks = self.rest
        if self.begun is None:
            blocks = standardised(self.source(), self.scaler, sparse=self.sparse)
        else:
            yield self.take_begun()
        yield from self.ahead(cut(blocks, self.scaler, self.batch, self.room // PIECES, signed=self.signed))

    def rewind(self) -> None:
        """Drop what is left of the first pass, so that the next one is divided into pieces as all later ones are.

        A FIFO can only be reopened once its current reader has closed it.
        """
        self.begun, self.rest = None, iter(())

    def take_begun(self) -> AnyRows:
        """Return the first rows and drop the reference to them."""
        rows, self.begun = self.rows, None
        return rows

    def raw(self) -> Iterator[Block]:
        """Yield all rows in raw units."""
        return self.source()


@dataclass
class Glimpse:
    """The head of a channel, as far as a pass gets within `seconds`; for a job that is stopped.

    `rows_seen` is the number of rows in the last pass over raw rows.
    """

    rows: AnyRows
    scaler: Scaler
    seconds: float
    seen: int = 0

    def pieces(self) -> Iterator[AnyRows]:
        """Yield the first rows in small pieces, at least one, until the time is up."""
        firsts = range(0, len(self.rows), GLANCE)
        yield from self.in_time(self.rows.part(first, min(first + GLANCE, len(self.rows))) for first in firsts)

    def raw(self) -> Iterator[Block]:
        """Yield the first rows in raw units, at least one block, until the time is up."""
        self.seen = 0
        for X, y in self.in_time(self.rows.raw(self.scaler, GLANCE * 128)):
            self.seen += len(y)
            yield X, y

    def in_time(self, items: Iterable[T]) -> Iterator[T]:
        """Yield items, at least one, until the time is up."""
        end = time.monotonic() + self.seconds
        for item in items:
            yield item
            if time.monotonic() > end:
                return


Data = Held | Streamed


def widen(known: Range | None, rows: AnyRows, scaler: Scaler) -> Range | None:
    """Return the range of raw labels, extended by those of `rows`; None where there have been no rows."""
    if not len(rows):
        return known
    least, most = scaler.restore_label(np.array([rows.labels.min(), rows.labels.max()])).tolist()
    return (least, most) if known is None else (min(least, known[0]), max(most, known[1]))


def hold(
    blocks: Iterator[Block],
    source: Callable[[], Iterator[Block]],
    scaler: Scaler,
    batch: int,
    room: int,
    ahead: Ahead,
    *,
    sparse: bool,
    signed: bool = False,
    widest: Callable[[int], int] | None = None,
) -> Data:
    """Hold the rows of raw `blocks` in memory if they fit `byte_limit`; otherwise stream them from `open_blocks`.

    Dense rows are negated for label 1 where `signed`. Where the data does not say how many features there are,
    `widest_of_hosts` is given, which maps the width found here to the largest over all hosts; features beyond the
    scaler's keep their units. Raises InputError where such data does not fit, or not even one mini-batch does.
    """
    known = len(scaler.mean)
    builder: RowsBuilder | SparseRowsBuilder
    if sparse:
        builder = SparseRowsBuilder(room)
    else:
        builder = RowsBuilder(known, room // (4 * (known + 2) + ORDER_BYTES), signed=signed)
    features = known
    stream = standardised(blocks, scaler, sparse=sparse)
    for block in stream:
        if not builder.add(*block):
            break
        if not isinstance(block[0], np.ndarray):
            features = max(features, int(block[0].indices.max(initial=-1)) + 1)
    else:
        scaler = settled(scaler, features if widest is None else widest(features), sparse)
        return Held(builder.build(scaler), scaler)
    if widest is not None:
        raise InputError(
            f"The data is larger than the {room / 2**20:.0f} MiB that there are for it and does not tell how many "
            "features it has. Set feature_dim, or use an instance with more memory."
        )
    scaler = settled(scaler, known, sparse)
    rest = chain([builder.cut(batch), block], stream)
    if not builder.count:
        raise InputError(
            f"A mini-batch of {batch} rows is larger than the {room / 2**20:.0f} MiB that there are for data. Lower "
            "mini_batch_size, or use an instance with more memory."
        )
    return Streamed(builder.build(scaler), rest, source, scaler, batch, room, ahead)


def settled(scaler: Scaler, features: int, sparse: bool) -> Scaler:
    """Extend the scaler to all features; switch off centring for sparse data beyond LARGEST_EAGER_WIDTH features."""
    scaler = scaler.widened(features)
    return scaler.uncentred() if sparse and features > FULL_WIDTH else scaler


def standardised(blocks: Iterator[Block], scaler: Scaler, *, sparse: bool) -> Iterator[Block]:
    """Yield blocks standardised, or only scaled where `sparse`; all become dense or all become sparse."""
    for X, y in blocks:
        labels = scaler.standardise_label(y)
        values = len(X.data) if sparse and not isinstance(X, np.ndarray) else len(y) * int(X.shape[1] or 1)
        rows = max(1, len(y) * VALUES // max(values, 1))
        for first in range(0, len(y), rows):
            last = min(first + rows, len(y))
            part = X[first:last] if isinstance(X, np.ndarray) else slice_rows(X, first, last)
            yield scaler.scale(as_sparse(part)) if sparse else scaler.standardise(as_matrix(part)), labels[first:last]


def cut(
    blocks: Iterator[Block], scaler: Scaler, batch: int, size: int, *, signed: bool = False
) -> Generator[AnyRows, None, None]:
    """Group standardised blocks into pieces of whole mini-batches and about `piece_bytes` bytes.

    The last piece has the remaining rows.
    """
    parts: list[Block] = []
    taken = rows = 0
    for block in blocks:
        parts.append(block)
        taken += block_bytes(block)
        rows += len(block[1])
        if taken >= size and rows >= batch:
            builder = joined(parts, scaler, signed=signed)
            parts = [builder.cut(batch)]
            taken, rows = block_bytes(parts[0]), len(parts[0][1])
            yield builder.build(scaler)
            del builder
    if any(len(y) for _, y in parts):
        yield joined(parts, scaler, signed=signed).build(scaler)


def joined(parts: list[Block], scaler: Scaler, *, signed: bool) -> RowsBuilder | SparseRowsBuilder:
    """Collect standardised blocks in a builder."""
    builder: RowsBuilder | SparseRowsBuilder
    if isinstance(parts[0][0], np.ndarray):
        builder = RowsBuilder(len(scaler.mean), sum(len(y) for _, y in parts), signed=signed)
    else:
        builder = SparseRowsBuilder(sum(map(block_bytes, parts)))
    for part in parts:
        builder.add(*part)
    return builder


def block_bytes(block: Block) -> int:
    """Return the bytes that a block takes in memory."""
    X, y = block
    return ROW_BYTES * len(y) + (X.nbytes if isinstance(X, np.ndarray) else VALUE_BYTES * len(X.data))
