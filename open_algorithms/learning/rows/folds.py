"""Deal rows to folds, by class and at random, to cross-validate in."""

import numpy as np

from open_algorithms.learning.types.arrays import Floats, Int64s

USUAL_FOLDS = 5  # where people train on their own machine


def deal_folds(labels: Floats, folds: int, seed: int, *, by_class: bool) -> Int64s:
    """Return the fold of each row, (n,), for labels (n,): every fold has as many rows as any other, but for one.

    If `by_class`, that holds for the rows of each class, too.

    >>> deal_folds(np.array([0, 0, 0, 1, 1, 1]), 3, 0, by_class=True)
    array([...])
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    if by_class:
        order = order[np.argsort(labels[order], kind="stable")]
    dealt = np.empty(len(labels), np.int64)
    dealt[order] = np.arange(len(labels)) % folds
    return dealt
