"""Read channels: check labels and width, take the scaler's sample, standardise what follows."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.batches import Block, Rows, gather
from linear_learner.errors import InputError
from linear_learner.hyperparameters import Hyperparameters
from linear_learner.scaling import Scaler, fit_scaler

Floats = NDArray[Any]


def read_train(blocks: Iterable[Block], hp: Hyperparameters) -> tuple[Rows, Scaler]:
    """Fit the scaler on the first rows, replay them and standardise all."""
    stream = checked("train", blocks, label_classes(hp), hp.feature_dim)
    rows = (hp.num_point_for_scaler // hp.mini_batch_size + 1) * hp.mini_batch_size
    X, y, head = sample(stream, rows)
    scaler = fit_scaler(
        X,
        y,
        unbias_data=hp.unbias_data,
        normalize_data=hp.normalize_data,
        unbias_label=hp.unbias_label,
        normalize_label=hp.normalize_label,
    )

    def replayed() -> Iterator[Block]:
        while head:
            yield head.pop(0)
        yield from stream

    return gather(replayed(), scaler, X.shape[1]), scaler


def read_channel(blocks: Iterable[Block], name: str, hp: Hyperparameters, scaler: Scaler) -> Rows:
    """Standardise a channel as the train channel was."""
    features = len(scaler.mean)
    return gather(checked(name, blocks, label_classes(hp), features), scaler, features)


def label_classes(hp: Hyperparameters) -> int | None:
    """Count the classes that labels are numbered by; None for a regressor."""
    return None if hp.predictor_type == "regressor" else max(hp.outputs, 2)


def checked(channel: str, blocks: Iterable[Block], classes: int | None, features: int | None) -> Iterator[Block]:
    """Pass on blocks whose labels and width are as expected.

    `classes` bounds the labels of a classifier to 0 ... classes - 1; None lets every finite label pass. Raises
    InputError that names the channel, the row, what was expected and what was found.
    """
    rows = 0
    for X, y in blocks:
        if features is not None and X.shape[1] != features:
            raise InputError(
                f"channel {channel!r}: expected {features} features a row, found {X.shape[1]}. Check feature_dim and "
                "that every channel has the same columns, the label first.",
                channel,
                rows + 1,
            )
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


def sample(blocks: Iterator[Block], rows: int) -> tuple[Floats, Floats, list[Block]]:
    """Read at least `rows` rows; return the first `rows` of them and, to be replayed, all that was read."""
    head: list[Block] = []
    read = 0
    for block in blocks:
        head.append(block)
        read += len(block[1])
        if read >= rows:
            break
    X = np.concatenate([X for X, _ in head])[:rows]
    return X, np.concatenate([y for _, y in head])[:rows], head
