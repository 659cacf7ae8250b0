"""Read the channels of an algorithm that predicts labels, each within its share of the memory.

Tests: tests/linear_learner/training/test_channels.py, tests/factorization_machines/rows/test_channels.py.
"""

from collections.abc import Collection

import numpy as np

from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.holdout import Holdout
from open_algorithms.learning.rows.kept import ChannelRows
from open_algorithms.learning.rows.reading import (
    Reading,
    read_held_out_rows,
    read_scored_channel,
    read_train_channel,
)
from open_algorithms.learning.types.arrays import Float32s
from open_algorithms.learning.work import Work

VALIDATION = "validation"
MEMORY_SHARES = {  # of the memory for data, kept free for the later channels
    "train": 1.0,
    VALIDATION: 0.25,
    "test": 0.1,
}


def read_labelled_channels(work: Work, reading: Reading) -> dict[str, ChannelRows]:
    """Read the channels in order; each may use its share of the memory that those before it left.

    What the reading holds out of the train channel is the channel `validation`, where there are such rows.
    """
    holdout = reading.holdout
    names = [name for name in MEMORY_SHARES if name in work.channels or (name == VALIDATION and holdout is not None)]
    is_sharded = {name: name in work.sharded_channels for name in work.channels}
    share = 1 - sum(MEMORY_SHARES[name] for name in names[1:])
    train, room = read_train_channel(work.channels["train"], reading, share, is_sharded["train"])
    data = {"train": train}
    for name in names[1:]:
        room -= list(data.values())[-1].held_bytes
        later = sum(MEMORY_SHARES[other] for other in names[names.index(name) + 1 :])
        own = int(room * (1 - later))
        if name in work.channels:
            data[name] = read_scored_channel(name, work.channels[name], reading, train, own, is_sharded[name])
        elif holdout is not None:
            held_out = read_held_out_rows(work.channels["train"], holdout, reading, train, own, is_sharded["train"])
            data |= {} if held_out is None else {name: held_out}
    for name, weights in divide_weights(work, holdout, names).items():
        data[name].weigh_rows(weights)
    return data


def divide_weights(work: Work, holdout: Holdout | None, names: Collection[str]) -> dict[str, Float32s]:
    """Return the weights of the rows of each channel, (n,), after some are held out of the train channel."""
    if not work.row_weights:
        return {}
    assert work.hosts.count == 1
    weights = dict(work.row_weights)
    if holdout is not None and "train" in weights:
        every = weights["train"]
        held = np.concatenate([marks for _, _, marks in holdout.mark_blocks(work.channels["train"])])
        weights |= {"train": every[~held], VALIDATION: every[held]}
    return {name: weights[name] for name in names if name in weights and len(weights[name])}


def plan_holdout(work: Work, holdout: Holdout) -> Holdout | None:
    """Return how rows of the train channel are held out; None where there are others to select on, or none are wanted.

    Raises InputError where the channel cannot be read twice at a time.
    """
    if not holdout.share or VALIDATION in work.channels:
        return None
    if "train" in work.piped_channels:
        raise InputError(
            f"holdout: expected 0 or auto with the channel 'train' in Pipe mode, found {holdout.share:g}. Give a "
            "channel 'validation', or use File or FastFile mode."
        )
    return holdout
