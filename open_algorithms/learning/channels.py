"""Read the channels of an algorithm that learns from rows alone: held in memory or streamed, dense or sparse."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.checking import WidthLimit
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.rows.kept import PIECES_IN_MEMORY, ChannelRows
from open_algorithms.learning.rows.reading import Reading, describe_storage, read_scored_channel, read_train_channel
from open_algorithms.learning.rows.scaling import Scaling
from open_algorithms.learning.work import Work

USABLE_SHARE = 0.9  # of the free memory: estimates are rough
WORKING_BYTES = 48 << 20  # blocks that are read ahead, pieces that are worked on
TEST_SHARE = 0.1  # of the memory for data, which is kept free for the channel `test`
SAMPLE_ROWS = 10_000  # that means and deviations are taken from
VALUE_BYTES = 4
MOST_FEATURES = 2**31 - 1  # that rows may have

Need = Callable[[int, int], int]  # of features and rows so far: the bytes that an algorithm takes beside its data


@dataclass(frozen=True)
class Demand:
    """What an algorithm asks of its rows: `batch_rows` at a time on this host, and memory beside them.

    The number of `features` is None where the data tells it; `normalize` divides each feature by its deviation; with
    `keeps_flags` not those that are 0 or 1, of which a rare one would be far from all else.
    `need(features, rows)` tells the bytes that the algorithm takes; `advice` is how to make it take fewer.
    """

    batch_rows: int
    need: Need
    advice: str
    features: int | None = None
    normalize: bool = False
    sample_rows: int = SAMPLE_ROWS
    keeps_flags: bool = False


def read_channels(work: Work, demand: Demand) -> dict[str, ChannelRows]:
    """Read the channels `train` and, if there is one, `test`.

    Dense rows are centred by the means of the first of them, so that float32 keeps the digits that vary; sparse ones
    keep their zeros, unless they are far from 0 and can as well be dense. The scaler of what is returned tells both.
    Raises InputError for data that cannot be used.
    """
    free = work.free_memory()
    reading = plan_reading(work, demand, free)
    has_test = "test" in work.channels
    blocks = {name: NumberedBlocks(channel) for name, channel in work.channels.items()}
    sharded = {name: name in work.sharded_channels for name in work.channels}
    train, room = read_train_channel(blocks["train"], reading, 1 - TEST_SHARE * has_test, sharded["train"])
    data: dict[str, ChannelRows] = {"train": train}
    if has_test:
        data["test"] = read_scored_channel(
            "test", blocks["test"], reading, train, room - train.held_bytes, sharded["test"]
        )
    for name, rows in data.items():
        work.log.info(f"The channel {name!r} {describe_storage(rows)}.")
    return data


def plan_reading(work: Work, demand: Demand, free: int) -> Reading:
    """Return how channels are read, where `free` bytes may be used."""
    widest = find_widest(demand, int(USABLE_SHARE * free))
    return Reading(
        classes=None,
        features=demand.features,
        width_limit=WidthLimit(widest, f"for which there is memory. Check the data, {demand.advice}."),
        scaling=Scaling(demand.normalize, normalize_label=False, unbias_data=True, unbias_label=False),
        sample_rows=demand.sample_rows,
        sample_bytes=free // 16,
        batch_rows=demand.batch_rows,
        room=partial(measure_room, demand, free),
        prefetch=work.prefetch,
        hosts=work.hosts,
        keeps_flags=demand.keeps_flags,
        centers_sparse=True,
    )


def find_widest(demand: Demand, usable: int) -> int:
    """Return the most features for which an algorithm takes no more than so many bytes beside its data."""
    return bisect_right(range(1, MOST_FEATURES), usable, key=lambda features: demand.need(features, demand.batch_rows))


def measure_room(demand: Demand, free: int, features: int, rows: int, *, sparse: bool) -> int:
    """Return the bytes that there are for rows of this many features; InputError where some batches do not fit."""
    need = demand.need(features, rows)
    left = int(USABLE_SHARE * free) - need - WORKING_BYTES
    row = 12 if sparse else VALUE_BYTES * (features + 2)
    if left < (PIECES_IN_MEMORY - 1) * row * min(demand.batch_rows, rows):
        raise InputError(
            f"{features:,} features need about {need / 2**30:.2f} GiB beside the data, more than can be spared of the "
            f"{free / 2**30:.2f} GiB that there are: {demand.advice}."
        )
    return left


@dataclass(frozen=True)
class NumberedBlocks:
    """The blocks of a channel, pass after pass, with a label of 0 for each row, whatever labels there are."""

    channel: Iterable[Block]

    def __iter__(self) -> Iterator[Block]:
        for X, _ in self.channel:
            yield X, np.zeros(X.shape[0], np.float32)
