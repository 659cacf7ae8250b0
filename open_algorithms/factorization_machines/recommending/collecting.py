"""Collect which user was seen with which item: from blocks of encoded rows, or from columns of a table."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from open_algorithms.factorization_machines.artifact.seen import MOST_PAIRS, SeenPairs
from open_algorithms.factorization_machines.recommending.pairs import Levels, PairColumns
from open_algorithms.learning.columns.encode import encode_levels
from open_algorithms.learning.columns.recipe import CategoryColumn
from open_algorithms.learning.rows.csr import Csr, Features, as_csr
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.types.arrays import Int64s, Ints

KEYS_AT_ONCE = 1 << 22  # that wait to be merged


class SeenCollector:
    """Collects distinct pairs of a user and an item; those with a level that the model does not know are left out.

    It gives up beyond `most` pairs, and keeps none then.
    """

    def __init__(self, pair: PairColumns, most: int = MOST_PAIRS) -> None:
        self._pair, self._most = pair, most
        self._keys: Int64s | None = np.zeros(0, np.int64)
        self._waiting: list[Int64s] = []
        self._waiting_count = 0

    @property
    def gave_up(self) -> bool:
        """Whether there were too many pairs."""
        return self._keys is None

    def add_rows(self, X: Features) -> None:
        """Add the pairs of encoded rows (n, d)."""
        if not self.gave_up:
            rows = as_csr(X)
            self.add_places(find_levels(rows, self._pair.user), find_levels(rows, self._pair.item))

    def add_columns(self, users: Any, items: Any) -> None:
        """Add the pairs of columns of a table, arrow arrays (n,)."""
        if not self.gave_up:
            self.add_places(place_levels(self._pair.user.column, users), place_levels(self._pair.item.column, items))

    def collect(self) -> SeenPairs | None:
        """Return the pairs so far; None where there were too many."""
        self._merge_waiting()
        if self._keys is None:
            return None
        users, items = (len(levels.column.levels) for levels in self._pair)
        starts = np.searchsorted(self._keys, np.arange(users + 1, dtype=np.int64) * items)
        user_column, item_column = (levels.column.name for levels in self._pair)
        places = (self._keys % max(1, items)).astype(np.int32)
        return SeenPairs(user_column, item_column, starts.astype(np.int64), places, items)

    def add_places(self, users: Ints, items: Ints) -> None:
        """Add pairs by the places of their levels, (n,) each, below 0 of those that are not known."""
        known = (users >= 0) & (items >= 0)
        keys = users[known].astype(np.int64) * len(self._pair.item.column.levels) + items[known]
        self._waiting.append(np.unique(keys))
        self._waiting_count += len(self._waiting[-1])
        if self._waiting_count >= KEYS_AT_ONCE:
            self._merge_waiting()

    def _merge_waiting(self) -> None:
        """Merge the keys that wait with those that are known."""
        if self._keys is not None and self._waiting:
            self._keys = np.unique(np.concatenate([self._keys, *self._waiting]))
            if len(self._keys) > self._most:
                self._keys = None
        self._waiting, self._waiting_count = [], 0


def collect_seen(blocks: Iterable[Block], pair: PairColumns, most: int = MOST_PAIRS) -> SeenPairs | None:
    """Return the distinct pairs of blocks of rows; None where they are more than `most`."""
    collector = SeenCollector(pair, most)
    for X, _ in blocks:
        collector.add_rows(X)
        if collector.gave_up:
            break
    return collector.collect()


def find_levels(X: Csr, levels: Levels) -> Int64s:
    """Return the place of each row's level (n,), -1 where it has none of them."""
    found = np.full(X.shape[0], -1, np.int64)
    inside = np.flatnonzero((X.indices >= levels.span.start) & (X.indices < levels.span.stop))
    rows = np.searchsorted(X.indptr, inside, "right") - 1
    found[rows] = X.indices[inside] - levels.first
    return found


def place_levels(column: CategoryColumn, values: Any) -> Ints:
    """Return the place of the level of each value (n,) of an arrow array, -1 where it is none of them."""
    _, _, (strip,) = encode_levels(column, values)
    assert strip.places is not None
    return np.where(strip.places < len(column.levels), strip.places, -1)
