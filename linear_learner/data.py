"""A channel's rows as training wants them, epoch after epoch: held in memory, or streamed from where they come from."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from linear_learner.batches import ORDER_BYTES, Block, Rows, RowsBuilder, epoch_order
from linear_learner.errors import InputError
from linear_learner.scaling import Scaler
from linear_learner.sparse import as_matrix, as_sparse, slice_rows
from linear_learner.sparse_rows import FULL_WIDTH, ROW_BYTES, VALUE_BYTES, SparseRows, SparseRowsBuilder

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
    """Rows that are all in memory."""

    rows: AnyRows
    scaler: Scaler

    @property
    def features(self) -> int:
        """Count the features."""
        return self.rows.features

    @property
    def count(self) -> int:
        """Count the rows."""
        return len(self.rows)

    @property
    def held_bytes(self) -> int:
        """Count the bytes that are held."""
        return self.rows.nbytes + ORDER_BYTES * self.count

    def epoch(self, shuffler: np.random.Generator | None) -> Iterator[tuple[AnyRows, NDArray[np.int32]]]:
        """Yield all rows with an order to train on them in."""
        yield self.rows, epoch_order(len(self.rows), shuffler)

    @property
    def head(self) -> AnyRows:
        """Return the rows that are at hand: all."""
        return self.rows

    @property
    def label_range(self) -> Range | None:
        """Return the least and the greatest raw label."""
        return widen(None, self.rows, self.scaler)

    def rewind(self) -> None:
        """Begin the next pass as any later one: it does so by itself."""

    def pieces(self) -> Iterator[AnyRows]:
        """Yield all rows."""
        yield self.rows

    def raw(self) -> Iterator[Block]:
        """Yield all rows as they were before they were standardised."""
        return self.rows.raw(self.scaler)


@dataclass
class Streamed:
    """Rows that are read anew for every pass, piece by piece, each piece so many whole mini-batches.

    The first pass begins with `begun`, which was read before it was clear that all rows are too many to be held, and
    goes on with the standardised blocks of `rest`. `count` is the number of rows once an epoch has seen them all, until
    then of those that were read at first; whoever takes a piece must let go of it before asking for the next.
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
        """Return the rows that were read at first, until the first pass takes them."""
        assert self.begun is not None
        return self.begun

    @property
    def features(self) -> int:
        """Count the features."""
        return len(self.scaler.mean)

    @property
    def held_bytes(self) -> int:
        """Count the bytes that may be held."""
        return self.room

    def epoch(self, shuffler: np.random.Generator | None) -> Iterator[tuple[AnyRows, NDArray[np.int32]]]:
        """Yield pieces, each with an order of its own to train on it in."""
        count = 0
        for rows in self.pieces():
            count += len(rows)
            order = epoch_order(len(rows), shuffler)
            yield rows, order
            del rows
        self.count = count

    def pieces(self) -> Iterator[AnyRows]:
        """Yield all rows once, in their order; then the range of their labels is known."""
        self.seen_range = None
        for rows in self.all_pieces():
            self.seen_range = widen(self.seen_range, rows, self.scaler)
            yield rows
            del rows
        self.label_range = self.seen_range

    def all_pieces(self) -> Iterator[AnyRows]:
        """Yield those that were begun with, then the others."""
        blocks = self.rest
        if self.begun is None:
            blocks = standardised(self.source(), self.scaler, sparse=self.sparse)
        else:
            yield self.take_begun()
        yield from self.ahead(cut(blocks, self.scaler, self.batch, self.room // PIECES, signed=self.signed))

    def rewind(self) -> None:
        """Let go of the pass that was begun, so that the next one is cut into pieces as any later one.

        A FIFO comes to its next pass only once nobody holds it open.
        """
        self.begun, self.rest = None, iter(())

    def take_begun(self) -> AnyRows:
        """Hand the first rows over without keeping them."""
        rows, self.begun = self.rows, None
        return rows

    def raw(self) -> Iterator[Block]:
        """Yield all rows as they were before they were standardised."""
        return self.source()


@dataclass
class Glimpse:
    """Of a channel what is at hand, and of that what can be looked at within `seconds`: for a job that is stopped.

    `seen` is how many rows the last look at them as they were took in.
    """

    rows: AnyRows
    scaler: Scaler
    seconds: float
    seen: int = 0

    def pieces(self) -> Iterator[AnyRows]:
        """Yield the first rows, at least some."""
        firsts = range(0, len(self.rows), GLANCE)
        yield from self.in_time(self.rows.part(first, min(first + GLANCE, len(self.rows))) for first in firsts)

    def raw(self) -> Iterator[Block]:
        """Yield the first rows, at least some, as they were before they were standardised."""
        self.seen = 0
        for X, y in self.in_time(self.rows.raw(self.scaler, GLANCE * 128)):
            self.seen += len(y)
            yield X, y

    def in_time(self, items: Iterable[T]) -> Iterator[T]:
        """Yield items until the time is up."""
        end = time.monotonic() + self.seconds
        for item in items:
            yield item
            if time.monotonic() > end:
                return


Data = Held | Streamed


def widen(known: Range | None, rows: AnyRows, scaler: Scaler) -> Range | None:
    """Return the range of the raw labels of rows and of those before; None where there is no row."""
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
    """Hold the rows of raw `blocks` if `room` bytes are enough for them, else stream what `source` opens.

    Dense rows are `signed` as a loss wants them. Where the data does not tell how many features there are, `widest`
    does, given what was found here, and those beyond the scaler's keep their unit.
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
    """Widen the scaler to all features; very wide sparse data is not centred."""
    scaler = scaler.widened(features)
    return scaler.uncentred() if sparse and features > FULL_WIDTH else scaler


def standardised(blocks: Iterator[Block], scaler: Scaler, *, sparse: bool) -> Iterator[Block]:
    """Scale blocks, and centre those of a dense channel; all become sparse, or none."""
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
    """Join standardised blocks into pieces of whole mini-batches, of about `size` bytes; the last is what is left."""
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
    """Store standardised blocks side by side."""
    builder: RowsBuilder | SparseRowsBuilder
    if isinstance(parts[0][0], np.ndarray):
        builder = RowsBuilder(len(scaler.mean), sum(len(y) for _, y in parts), signed=signed)
    else:
        builder = SparseRowsBuilder(sum(map(block_bytes, parts)))
    for part in parts:
        builder.add(*part)
    return builder


def block_bytes(block: Block) -> int:
    """Count the bytes that a block takes when it is held."""
    X, y = block
    return ROW_BYTES * len(y) + (X.nbytes if isinstance(X, np.ndarray) else VALUE_BYTES * len(X.data))
