"""The best items of each row, without those that were seen."""

from collections.abc import Sequence

import numpy as np

from open_algorithms.learning.types.arrays import Floats, Int64s, Ints


def pick_best(numbers: Floats, left_out: Sequence[Sequence[Ints]], top: int) -> tuple[Int64s, Int64s]:
    """Return the places (n, t) of the greatest numbers (n, items) of each row in no order, and how many count, (n,).

    Those that count come first. The places in `left_out`, lists of each row, never do; `numbers` is overwritten there.
    """
    items = numbers.shape[1]
    top = min(top, items)
    for row, parts in enumerate(left_out):
        for places in parts:
            numbers[row, places] = -np.inf
    best = np.argpartition(numbers, items - top, axis=1)[:, items - top :]
    counted = np.take_along_axis(numbers, best, axis=1) > -np.inf
    order = np.argsort(~counted, axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1), counted.sum(axis=1)


def order_best(scores: Floats, places: Int64s) -> Int64s:
    """Return the order of scores (t,) from the greatest down; of equal ones the first place comes first."""
    order: Int64s = np.lexsort((places, -scores))
    return order
