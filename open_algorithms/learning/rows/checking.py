"""Check the blocks of a channel: their labels and their width.

Tests: tests/linear_learner/training/test_fit.py, tests/linear_learner/training/test_channels.py.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.csr import Csr
from open_algorithms.learning.rows.dense import Block


@dataclass(frozen=True)
class WidthLimit:
    """The most features that rows may have, and the `reason` with the advice that end the message about more."""

    features: int
    reason: str


def check_blocks(
    channel: str, blocks: Iterable[Block], classes: int | None, features: int | None, limit: WidthLimit | None = None
) -> Iterator[Block]:
    """Yield blocks whose labels and width are valid.

    `classes` restricts the labels to the integers 0 to classes - 1; None allows every finite label. Blocks that do not
    declare their width get the expected one, if it is known; sparse ones may be as wide as `limit`. Raises InputError
    that names channel, row, expected and found value.
    """
    rows = 0
    for X, y in blocks:
        if isinstance(X, Csr) and X.shape[1] is None:
            X = with_known_width(X, channel, rows, features)
        elif features is not None and X.shape[1] != features:
            raise InputError(
                f"channel {channel!r}: expected {features} features a row, found {X.shape[1]}. Check feature_dim and "
                "that every channel has the same columns, a label, if there is one, first.",
                channel,
                rows + 1,
            )
        else:
            features = X.shape[1]
        if limit is not None and isinstance(X, Csr):
            check_sparse_width(X, channel, rows, limit)
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


def check_sparse_width(X: Csr, channel: str, rows: int, limit: WidthLimit) -> None:
    """Raise InputError for sparse rows wider than any model that fits the memory, before allocating for them."""
    width, row = X.shape[1], rows + 1
    if width is None and len(X.indices):
        largest = int(X.indices.argmax())
        width, row = int(X.indices[largest]) + 1, rows + int(np.searchsorted(X.indptr, largest, side="right"))
    if width is not None and width > limit.features:
        raise InputError(
            f"channel {channel!r}, row {row}: {width} features, more than the {max(limit.features, 0)} {limit.reason}",
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
