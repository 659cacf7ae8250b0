"""The pairs of features that count most: those whose factors have the largest products."""

from typing import NamedTuple

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.learning.features import number_columns
from open_algorithms.learning.types.arrays import Float64s, Floats, Int64s

MOST_COMPARED = 2048  # features that are compared with each other
ROWS_AT_ONCE = 256  # of products


class Pair(NamedTuple):
    """Two features, the first before the second, and what they add to the score where both are 1."""

    first: int
    second: int
    value: float


def list_largest_pairs(model: FactorModel, count: int) -> list[Pair]:
    """Return the `count` pairs of features with the largest products of their factors, the largest first.

    Of a table only features of different columns are pairs: those of one column seldom come together.
    """
    return find_largest_pairs(model.factors, number_columns(model.recipe, model.feature_dim), count)


def find_largest_pairs(vectors: Floats, groups: Int64s, count: int) -> list[Pair]:
    """Return the `count` largest products, in size and none of them 0, of vectors (m, k) of different groups (m,).

    Of more than MOST_COMPARED vectors, the longest of each group are compared.
    """
    compared = choose_compared(vectors, groups)
    chosen, owners, places = vectors[compared].astype(np.float64), groups[compared], np.arange(len(compared))
    found: list[Float64s] = [np.zeros((3, 0))]
    for start in range(0, len(compared), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        products = chosen[rows] @ chosen.T
        products[(owners[rows, None] == owners) | (places[rows, None] >= places)] = 0
        sizes = np.abs(products)
        best = take_largest(sizes.max(axis=1), count)  # rows: those with less in them have none of the largest
        first, second = np.divmod(take_largest(sizes[best].reshape(-1), count), len(compared))
        found.append(np.stack([compared[start + best[first]], compared[second], products[best[first], second]]))
    firsts, seconds, values = np.concatenate(found, axis=1)
    order = np.lexsort((seconds, firsts, -np.abs(values)))[:count]
    return [Pair(int(firsts[i]), int(seconds[i]), float(values[i])) for i in order if values[i]]


def take_largest(values: Float64s, count: int) -> Int64s:
    """Return the places of the `count` largest values (n,), or of all."""
    last = min(count, len(values))
    return np.argpartition(-values, last - 1)[:last]


def choose_compared(vectors: Floats, groups: Int64s) -> Int64s:
    """Return the numbers of the vectors (m, k) that are compared: all, or the longest, first those of each group."""
    if len(vectors) <= MOST_COMPARED:
        return np.arange(len(vectors))
    lengths = np.einsum("mk,mk->m", vectors, vectors, dtype=np.float64)
    order = np.lexsort((-lengths, groups))
    ranks = np.arange(len(order)) - np.searchsorted(groups[order], groups[order])
    share = max(1, MOST_COMPARED // len(np.unique(groups)))
    chosen = order[np.lexsort((-lengths[order], ranks >= share))[:MOST_COMPARED]]
    return np.sort(chosen)
