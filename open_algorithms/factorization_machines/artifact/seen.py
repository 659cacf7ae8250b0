"""Which user was seen with which item in the data that a model learned from, as a file beside the model.

    magic (8), lengths of the names of both columns (4 each), users (8), items (8), pairs (8), the names in UTF-8,
    how many pairs each user has (4 each), the items of the pairs, user after user (4 each)

Users and items are the places of their levels. Nothing is unpickled, and every size is checked before it is believed.
"""

import struct
from typing import NamedTuple

import numpy as np

from open_algorithms.learning.artifact.archives import SEEN_FILE
from open_algorithms.learning.artifact.arrays import ByteCursor
from open_algorithms.learning.columns.recipe import CategoryColumn, Recipe
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.types.arrays import Int32s, Int64s

MOST_PAIRS = 20_000_000
MAGIC = int.from_bytes(b"FMSEEN\x00\x01", "little")
HEAD = struct.Struct("<QIIQQQ")
LONGEST_NAME = 1 << 16


class SeenPairs(NamedTuple):
    """Pairs of a user and an item, by the names of their columns: those of user u are items[starts[u]:starts[u + 1]].

    `starts` (users + 1,) and `items` (pairs,) are places of levels; the items of a user rise. There are `item_count`
    levels of items.
    """

    user_column: str
    item_column: str
    starts: Int64s
    items: Int32s
    item_count: int

    @property
    def user_count(self) -> int:
        """The number of levels of users."""
        return len(self.starts) - 1

    def items_of(self, user: int) -> Int32s:
        """Return the places of the items that a user was seen with; none of a user that is not known, below 0."""
        return self.items[self.starts[user] : self.starts[user + 1]] if user >= 0 else self.items[:0]


def write_seen(seen: SeenPairs) -> bytes:
    """Return the content of the file."""
    names = [name.encode() for name in (seen.user_column, seen.item_column)]
    head = HEAD.pack(MAGIC, *map(len, names), seen.user_count, seen.item_count, len(seen.items))
    counts = np.diff(seen.starts).astype("<u4")
    return b"".join([head, *names, counts.tobytes(), np.ascontiguousarray(seen.items, "<i4").tobytes()])


def read_seen(content: bytes | bytearray) -> SeenPairs:
    """Return the pairs of a file; raises InputError where it is not as `write_seen` leaves it."""
    cursor = ByteCursor(content, SEEN_FILE)
    magic, *lengths, users, items, pairs = HEAD.unpack(cursor.take_bytes(HEAD.size))
    if magic != MAGIC:
        raise InputError(f"{SEEN_FILE} begins with {magic:#x}; expected {MAGIC:#x}.")
    if max(lengths) > LONGEST_NAME:
        raise InputError(f"{SEEN_FILE} announces a name of {max(lengths)} bytes; expected at most {LONGEST_NAME}.")
    try:
        user_column, item_column = (str(cursor.take_bytes(length), "utf-8") for length in lengths)
    except UnicodeDecodeError:
        raise InputError(f"{SEEN_FILE} holds a name that is no UTF-8.") from None
    starts = np.zeros(users + 1 if users * 4 <= cursor.bytes_left else 1, np.int64)
    np.cumsum(np.frombuffer(cursor.take_bytes(users * 4), "<u4"), out=starts[1:])
    found = np.frombuffer(cursor.take_bytes(pairs * 4), "<i4")
    if cursor.bytes_left:
        raise InputError(f"{SEEN_FILE} goes on for {cursor.bytes_left} bytes after its last pair.")
    if starts[-1] != pairs:
        raise InputError(f"{SEEN_FILE} announces {pairs} pairs, but its users have {starts[-1]}.")
    if pairs and not 0 <= found.min() <= found.max() < items:
        raise InputError(f"{SEEN_FILE} holds items from {found.min()} to {found.max()}; expected 0 to {items - 1}.")
    return SeenPairs(user_column, item_column, starts, found, items)


def check_seen(seen: SeenPairs, recipe: Recipe | None) -> None:
    """Raise InputError where pairs are not of columns of the recipe."""
    columns = () if recipe is None else recipe.columns
    sizes = {column.name: len(column.levels) for column in columns if isinstance(column, CategoryColumn)}
    for name, count in ((seen.user_column, seen.user_count), (seen.item_column, seen.item_count)):
        if sizes.get(name) != count:
            expected = f"{sizes[name]:,}" if name in sizes else "no such column"
            raise InputError(f"{SEEN_FILE} says {count:,} levels of {name!r}, but the model has {expected}.")
