"""Read the channels of a job, each within its share of the memory."""

from linear_learner.options.budget import Budget
from linear_learner.options.hyperparameters import Hyperparameters
from linear_learner.training.reading import read_scored_channel, read_train_channel
from open_algorithms.learning.rows.kept import PIECES_IN_MEMORY, ChannelRows, StreamedRows
from open_algorithms.learning.work import Work

MEMORY_SHARES = {
    "train": 1.0,
    "validation": 0.25,
    "test": 0.1,
}  # of the memory for data, kept free for the later channels


def read_channels(work: Work, hp: Hyperparameters, budget: Budget) -> dict[str, ChannelRows]:
    """Read the channels in order; each may use its share of the memory that those before it left."""
    names = [name for name in MEMORY_SHARES if name in work.channels]
    data: dict[str, ChannelRows] = {}
    share = 1 - sum(MEMORY_SHARES[name] for name in names[1:])
    data["train"], room = read_train_channel(work, hp, budget, share)
    for name in names[1:]:
        room -= list(data.values())[-1].held_bytes
        later = sum(MEMORY_SHARES[other] for other in names[names.index(name) + 1 :])
        data[name] = read_scored_channel(work, name, hp, data["train"], int(room * (1 - later)))
    for name, rows in data.items():
        work.log.info(f"The channel {name!r} {describe_storage(rows)}.")
    return data


def describe_storage(data: ChannelRows) -> str:
    """Describe where a channel's rows are kept."""
    if isinstance(data, StreamedRows):
        return (
            f"is larger than the {data.held_bytes / 2**20:.0f} MiB that there are for it: it is read anew for "
            f"every pass, {data.held_bytes // PIECES_IN_MEMORY / 2**20:.1f} MiB at a time"
        )
    return f"is held in memory: {data.row_count} rows, {data.held_bytes / 2**20:.1f} MiB"
