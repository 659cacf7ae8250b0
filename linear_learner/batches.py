"""Hold a channel's blocks as one standardised matrix and cut it into mini-batches."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.scaling import Scaler

Floats = NDArray[Any]
Block = tuple[Floats, Floats]


@dataclass(frozen=True)
class Rows:
    """Standardised rows held in memory, for products and for gathering.

    X (n + 1, d + 1) ends in a column of ones, the feature that the bias is the weight of; y and weight are (n + 1, 1).
    The last row is all zeros: a mini-batch that is not full is filled up with it, and it changes nothing.
    """

    X: Floats
    y: Floats
    weight: Floats

    def __len__(self) -> int:
        return len(self.X) - 1

    @property
    def features(self) -> int:
        """Count the features, without the column of ones."""
        return int(self.X.shape[1]) - 1

    def raw(self, scaler: Scaler, values: int = 2**21) -> Iterator[Block]:
        """Yield the rows as they were before they were standardised, X (n, d) and y (n,), so many values at once."""
        rows = max(1, values // self.X.shape[1])
        for first in range(0, len(self), rows):
            last = min(first + rows, len(self))
            yield scaler.restore(self.X[first:last, :-1]), scaler.restore_label(self.y[first:last, 0])


def gather(blocks: Iterable[Block], scaler: Scaler, features: int) -> Rows:
    """Standardise all blocks into one matrix that grows where it lies."""
    X = np.empty((0, features + 1), np.float32)
    labels: list[Floats] = []
    count = 0
    for block, y in blocks:
        if count + len(y) >= len(X):
            X.resize((max(2 * len(X), count + len(y) + 1), features + 1), refcheck=False)
        X[count : count + len(y), :-1] = scaler.standardise(block)
        labels.append(scaler.standardise_label(y))
        count += len(y)
    X.resize((count + 1, features + 1), refcheck=False)
    X[:count, -1] = 1
    X[count] = 0
    weight = np.ones((count + 1, 1), np.float32)
    weight[count] = 0
    return Rows(X, np.concatenate([*labels, np.zeros(1, np.float32)])[:, None], weight)


def epoch_order(rows: int, generator: np.random.Generator | None) -> NDArray[np.int32]:
    """Return the order in which an epoch shows the rows: a new permutation of `generator`, or as they lie."""
    return np.asarray(np.arange(rows) if generator is None else generator.permutation(rows), np.int32)


def batch_table(order: NDArray[np.int32], batch_size: int) -> NDArray[np.int32]:
    """Cut an order of rows (n,) into mini-batches, (batches, batch_size), no wider than the data.

    Index n, the row of zeros, fills up the last one.
    """
    rows = len(order)
    batch_size = min(batch_size, rows)
    batches = -(-rows // batch_size)
    table = np.full(batches * batch_size, rows, np.int32)
    table[:rows] = order
    return table.reshape(batches, batch_size)
