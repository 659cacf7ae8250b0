"""Read channels: validate labels and width, fit the scaler on a sample, keep the rows in memory or stream them."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice

import numpy as np

from linear_learner.objective.losses import LOSSES
from linear_learner.options.budget import Budget
from linear_learner.options.hyperparameters import Hyperparameters
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.rows.csr import (
    Csr,
    Features,
    as_csr,
    as_dense,
    slice_rows,
    stack_rows,
    take_rows,
)
from open_algorithms.learning.rows.dense import Block, Design
from open_algorithms.learning.rows.kept import ChannelRows, Storage, hold_or_stream
from open_algorithms.learning.rows.scaling import fit_scaler
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Floats
from open_algorithms.learning.work import Work


def read_train_channel(work: Work, hp: Hyperparameters, budget: Budget, share: float) -> tuple[ChannelRows, int]:
    """Fit the scaler on the first rows, then keep all rows within `share` of the memory, or stream them.

    Returns the data and the bytes that are available for the data of all channels.
    """
    hosts, batch, scaling = work.hosts, hp.batch.here, hp.scaling

    def open_blocks() -> Iterator[Block]:
        return open_channel(work, "train", hp, hp.feature_dim, budget.largest_width(hp))

    stream = open_blocks()
    sample_rows = (scaling.num_point_for_scaler // hp.batch.everywhere + 1) * batch
    X, y, head = read_sample(stream, sample_rows, budget.sample_bytes)
    X, told = agree_on_sample(X, head, hosts)
    scaler = fit_scaler(
        X,
        y,
        unbias_data=scaling.unbias_data,
        normalize_data=scaling.normalize_data,
        unbias_label=scaling.unbias_label,
        normalize_label=scaling.normalize_label,
        hosts=hosts,
    )
    sparse = isinstance(X, Csr)
    more = list(islice(stream, 1))
    shown = batch if more else len(y)
    room = budget.data_bytes(hp, int(X.shape[1] or 0), shown, sparse=sparse)
    del X
    again = chain(drain_blocks(head), drain_blocks(more), stream)
    data = hold_or_stream(
        again,
        open_blocks,
        scaler,
        Storage(int(share * room), batch, sparse, row_design(hp), work.prefetch),
        widest_of_hosts=None if told else lambda width: int(hosts.all_reduce_max(width)),
    )
    if not data.feature_dim:
        raise InputError("channel 'train': no row holds any feature. Check that the data is not cut off.", "train", 1)
    return data, budget.data_bytes(hp, data.feature_dim, shown, sparse=sparse)


def read_scored_channel(work: Work, name: str, hp: Hyperparameters, train: ChannelRows, byte_limit: int) -> ChannelRows:
    """Keep or stream the rows of a channel, standardised by the train channel's scaler, sparse or dense like it.

    The channel is only scored, so its pieces need not be whole mini-batches.
    """

    def open_blocks() -> Iterator[Block]:
        return open_channel(work, name, hp, train.feature_dim)

    sparse = isinstance(train.rows, SparseRows)
    storage = Storage(byte_limit, 1, sparse, row_design(hp), work.prefetch)
    data = hold_or_stream(open_blocks(), open_blocks, train.scaler, storage)
    if not work.hosts.all_reduce([data.row_count])[0]:
        raise InputError(f"channel {name!r}: no host has a row of it. Check where its data lies.")
    return data


def open_channel(
    work: Work, name: str, hp: Hyperparameters, features: int | None, widest: int | None = None
) -> Iterator[Block]:
    """Read this host's rows of a channel: those it was given of a sharded one, else every host-count-th.

    `features` and `widest` are those of `check_blocks`.
    """
    rows = check_blocks(name, work.channels[name], label_class_count(hp), features, widest)
    return rows if name in work.sharded_channels else own_share(rows, work.hosts)


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


def row_design(hp: Hyperparameters) -> Design:
    """Return how dense rows are laid out: multiplied by their label's sign where that spares the loss the labels."""
    return Design(LOSSES[hp.objective.loss].takes_signed_rows)


def label_class_count(hp: Hyperparameters) -> int | None:
    """Return how many classes labels may be numbered by; None for a regressor."""
    return None if hp.predictor_type == "regressor" else max(hp.outputs, 2)


def check_blocks(
    channel: str, blocks: Iterable[Block], classes: int | None, features: int | None, widest: int | None = None
) -> Iterator[Block]:
    """Yield blocks whose labels and width are valid.

    `classes` restricts the labels to the integers 0 to classes - 1; None allows every finite label. Blocks that do not
    declare their width get the expected one, if it is known; sparse ones may be as wide as `widest`. Raises InputError
    that names channel, row, expected and found value.
    """
    rows = 0
    for X, y in blocks:
        if isinstance(X, Csr) and X.shape[1] is None:
            X = with_known_width(X, channel, rows, features)
        elif features is not None and X.shape[1] != features:
            raise InputError(
                f"channel {channel!r}: expected {features} features a row, found {X.shape[1]}. Check feature_dim and "
                "that every channel has the same columns, the label first.",
                channel,
                rows + 1,
            )
        else:
            features = X.shape[1]
        if widest is not None and isinstance(X, Csr):
            check_sparse_width(X, channel, rows, widest)
        if classes is not None:
            wrong = np.flatnonzero((y < 0) | (y >= classes) | (y != np.floor(y)))
            if wrong.size:
                row = rows + int(wrong[0]) + 1
                raise InputError(
                    f"channel {channel!r}, row {row}: expected a label among the integers 0 to {classes - 1}, found "
                    f"{y[wrong[0]]:g}. Number the classes from 0, and see that the label is the first column.",
                    channel,
                    row,
                )
        rows += len(y)
        yield X, y


def check_sparse_width(X: Csr, channel: str, rows: int, widest: int) -> None:
    """Raise InputError for sparse rows wider than any model that fits the memory, before allocating for them."""
    width, row = X.shape[1], rows + 1
    if width is None and len(X.indices):
        largest = int(X.indices.argmax())
        width, row = int(X.indices[largest]) + 1, rows + int(np.searchsorted(X.indptr, largest, side="right"))
    if width is not None and width > widest:
        raise InputError(
            f"channel {channel!r}, row {row}: {width} features, more than the {max(widest, 0)} for which the bank's "
            "weights would fit the memory. Check the data, lower num_models, or use a larger instance.",
            channel,
            row,
        )


def with_known_width(X: Csr, channel: str, rows: int, features: int | None) -> Csr:
    """Set the width of rows that do not declare one to `features`; `rows` were read before them."""
    if features is None:
        return X
    beyond = np.flatnonzero(X.indices >= features)
    if beyond.size:
        row = rows + int(np.searchsorted(X.indptr, beyond[0], side="right"))
        raise InputError(
            f"channel {channel!r}, row {row}: expected at most {features} features, found index "
            f"{X.indices[beyond[0]] + 1}. Set feature_dim to the largest index of all channels.",
            channel,
            row,
        )
    return Csr(X.data, X.indices, X.indptr, (X.shape[0], features))


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
