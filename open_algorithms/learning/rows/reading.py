"""Read channels: fit the scaler on a sample of the first rows, then keep all rows in memory or stream them.

Tests: tests/linear_learner/training/test_channels.py, tests/linear_learner/training/test_hosts.py.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain, islice
from typing import Protocol

import numpy as np

from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.rows.checking import WidthLimit, check_blocks
from open_algorithms.learning.rows.csr import Csr, Features, as_csr, as_dense, slice_rows, stack_rows, take_rows
from open_algorithms.learning.rows.dense import UNSIGNED, Block, Design
from open_algorithms.learning.rows.holdout import Holdout
from open_algorithms.learning.rows.kept import (
    PIECES_IN_MEMORY,
    ChannelRows,
    Prefetch,
    Storage,
    StreamedRows,
    hold_or_stream,
)
from open_algorithms.learning.rows.scaling import Scaling, find_flags, fit_scaler, is_off_center
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Floats


class Room(Protocol):
    """What an algorithm leaves of the memory."""

    def __call__(self, features: int, rows: int, *, sparse: bool) -> int:
        """Return the bytes available for data of this many features; `rows` are those that were read so far.

        Raises InputError where there are too few.
        """


@dataclass(frozen=True)
class Reading:
    """How an algorithm reads its channels.

    `classes` restricts labels to the integers below it, None allows any. The number of `features` is None where the
    data tells it; `width_limit` bounds it. The scaler is fitted on the first `sample_rows` rows, or fewer once they
    take `sample_bytes`. Rows are kept for mini-batches of `batch_rows` rows on this host. `room` tells the bytes
    that data may take. `prefetch` reads in the background. `holdout` takes rows of the train channel out, to select on;
    where they may be trained on after all, the scaler is fitted on them, too: `scales_held_out`. With `keeps_flags`
    features that are 0 or 1 keep their unit. With `centers_sparse` sparse rows far from 0 become dense ones.
    """

    classes: int | None
    features: int | None
    width_limit: WidthLimit
    scaling: Scaling
    sample_rows: int
    sample_bytes: int
    batch_rows: int
    room: Room
    design: Design = UNSIGNED
    prefetch: Prefetch = iter
    hosts: Hosts = SINGLE_HOST
    holdout: Holdout | None = None
    scales_held_out: bool = False
    keeps_flags: bool = False
    centers_sparse: bool = False


def read_train_channel(
    blocks: Iterable[Block], reading: Reading, share: float, is_sharded: bool = False
) -> tuple[ChannelRows, int]:
    """Fit the scaler on the first rows, then keep all rows within `share` of the memory, or stream them.

    Where there are several hosts, each takes every host-count-th row, unless the channel is sharded: then it was given
    its part. Returns the data and the bytes that are available for the data of all channels.
    """
    hosts, batch = reading.hosts, reading.batch_rows

    def open_blocks() -> Iterator[Block]:
        rows = check_blocks("train", blocks, reading.classes, reading.features, reading.width_limit)
        if reading.holdout is not None:
            rows = reading.holdout.rows_to_train_on(rows)
        return rows if is_sharded else own_share(rows, hosts)

    stream = open_blocks()
    X, y, head = read_sample(stream, reading.sample_rows, reading.sample_bytes)
    rows = len(y)
    if reading.scales_held_out and reading.holdout is not None and rows:
        aside = list(reading.holdout.aside if is_sharded else own_share(iter(reading.holdout.aside), hosts))
        X, y = stack_rows([X, *(part for part, _ in aside)]), np.concatenate([y, *(labels for _, labels in aside)])
    X, told = agree_on_sample(X, head, hosts)
    if reading.centers_sparse and told and isinstance(X, Csr) and is_off_center(X, hosts):
        X = as_dense(X)
    scaler = fit_scaler(X, y, **asdict(reading.scaling), hosts=hosts)
    if reading.keeps_flags:
        scaler = scaler.keeping_units(find_flags(X, hosts))
    sparse = isinstance(X, Csr)
    more = list(islice(stream, 1))
    shown = batch if more else rows
    room = reading.room(int(X.shape[1] or 0), shown, sparse=sparse)
    del X
    again = chain(drain_blocks(head), drain_blocks(more), stream)
    storage = Storage(int(share * room), batch, sparse, reading.design, reading.prefetch)

    def widest_of_hosts(width: int) -> int:
        return int(hosts.all_reduce_max(max(width, 0 if reading.holdout is None else reading.holdout.width)))

    data = hold_or_stream(again, open_blocks, scaler, storage, None if told else widest_of_hosts)
    if not data.feature_dim:
        raise InputError("channel 'train': no row holds any feature. Check that the data is not cut off.", "train", 1)
    return data, reading.room(data.feature_dim, shown, sparse=sparse)


def read_scored_channel(
    name: str,
    blocks: Iterable[Block],
    reading: Reading,
    train: ChannelRows,
    byte_limit: int,
    is_sharded: bool = False,
) -> ChannelRows:
    """Keep or stream the rows of a channel, standardised by the train channel's scaler, sparse or dense like it."""

    def open_blocks() -> Iterator[Block]:
        rows = check_blocks(name, blocks, reading.classes, train.feature_dim)
        return rows if is_sharded else own_share(rows, reading.hosts)

    data = keep_scored_rows(open_blocks, reading, train, byte_limit)
    if not reading.hosts.all_reduce([data.row_count])[0]:
        raise InputError(f"channel {name!r}: no host has a row of it. Check where its data lies.")
    return data


def read_held_out_rows(
    blocks: Iterable[Block],
    holdout: Holdout,
    reading: Reading,
    train: ChannelRows,
    byte_limit: int,
    is_sharded: bool = False,
) -> ChannelRows | None:
    """Keep or stream the rows of the train channel that are held out; None where there are none."""

    def open_blocks() -> Iterator[Block]:
        rows = holdout.rows_held_out(check_blocks("train", blocks, reading.classes, train.feature_dim))
        return rows if is_sharded else own_share(rows, reading.hosts)

    data = keep_scored_rows(open_blocks, reading, train, byte_limit)
    return data if reading.hosts.all_reduce([data.row_count])[0] else None


def keep_scored_rows(
    open_blocks: Callable[[], Iterator[Block]], reading: Reading, train: ChannelRows, byte_limit: int
) -> ChannelRows:
    """Keep or stream rows that are only scored; their pieces need not be whole mini-batches."""
    storage = Storage(byte_limit, 1, isinstance(train.rows, SparseRows), reading.design, reading.prefetch)
    return hold_or_stream(open_blocks(), open_blocks, train.scaler, storage)


def own_share(blocks: Iterator[Block], hosts: Hosts) -> Iterator[Block]:
    """Yield this host's share of blocks that all hosts read: every host-count-th row."""
    if hosts.count == 1:
        yield from blocks
        return
    first = hosts.rank
    for X, y in blocks:
        rows = np.arange(first, len(y), hosts.count)
        if len(rows):
            yield take_rows(X, rows), y[rows]
        first = (first - len(y)) % hosts.count


def read_sample(blocks: Iterator[Block], rows: int, most_bytes: int) -> tuple[Features, Floats, list[Block]]:
    """Read blocks until there are `rows` rows or `most_bytes` bytes.

    Return X and y of the first `rows`, and all blocks, to be replayed.
    """
    head: list[Block] = []
    read = taken = 0
    for block in blocks:
        head.append(block)
        read += len(block[1])
        taken += block[0].data.nbytes
        if read >= rows or taken >= most_bytes:
            break
    if not head:
        return np.zeros((0, 0), np.float32), np.zeros(0, np.float32), head
    y = np.concatenate([y for _, y in head])[:rows]
    return slice_rows(stack_rows([X for X, _ in head]), 0, len(y)), y, head


def drain_blocks(parts: list[Block]) -> Iterator[Block]:
    """Yield the blocks of a list while emptying it, so that each can be freed."""
    while parts:
        yield parts.pop(0)


def agree_on_sample(X: Features, head: list[Block], hosts: Hosts) -> tuple[Features, bool]:
    """Make the samples of all hosts sparse or dense, and of one width, like that of the first host that has rows.

    Also returns whether the data declares its width. `head` are the blocks that X (n, d) was taken from. Raises
    InputError where no host has rows, or where their declared widths differ.
    """
    told = head[0][0].shape[1] if head else None
    mine = [bool(head), isinstance(X, Csr), told or 0, X.shape[1] or 0]
    with_rows = [
        (host, facts) for host, (facts,) in zip(hosts.names, hosts.all_gather([mine]), strict=True) if facts[0]
    ]
    if not with_rows:
        raise InputError("channel 'train': no host has a row of it. Check where its data lies.")
    (first, facts), *others = with_rows
    for other, facts_there in others:
        if facts_there[2] != facts[2]:
            raise InputError(
                f"channel 'train': host {first!r} has rows of {int(facts[2])} features, host {other!r} of "
                f"{int(facts_there[2])}. Give all hosts data of the same columns and format."
            )
    width = int(max(facts[3] for _, facts in with_rows))
    if not facts[1]:
        return as_dense(X) if head else np.zeros((0, width), np.float32), bool(facts[2])
    return as_csr(X)._replace(shape=(int(X.shape[0] or 0), width)), bool(facts[2])


def describe_storage(data: ChannelRows) -> str:
    """Describe where a channel's rows are kept."""
    if isinstance(data, StreamedRows):
        return (
            f"is larger than the {data.held_bytes / 2**20:.0f} MiB that there are for it: it is read anew for "
            f"every pass, {data.held_bytes // PIECES_IN_MEMORY / 2**20:.1f} MiB at a time"
        )
    return f"is held in memory: {data.row_count} rows, {data.held_bytes / 2**20:.1f} MiB"
