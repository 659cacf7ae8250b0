"""The file of seen pairs comes back as it was, and one that lies is refused."""

import struct

import numpy as np
import pytest

from open_algorithms.factorization_machines.artifact.seen import (
    HEAD,
    MOST_PAIRS,
    SeenPairs,
    check_seen,
    read_seen,
    write_seen,
)
from open_algorithms.learning.artifact.archives import NETWORK_FILES, SEEN_FILE
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.job.errors import InputError
from tests.factorization_machines.pairs import ITEM, PAIR, USER, WITH_PLACE

SEEN = SeenPairs("Nutzer·in", "movie", np.array([0, 2, 2, 3]), np.array([1, 4, 0], np.int32), 5)
CONTENT = write_seen(SEEN)


@pytest.mark.parametrize(
    "seen",
    [SEEN, SEEN._replace(starts=np.zeros(4, np.int64), items=np.zeros(0, np.int32)), SEEN._replace(item_count=9)],
)
def test_it_comes_back_as_it_was(seen: SeenPairs) -> None:
    found = read_seen(write_seen(seen))
    assert (*found[:2], found.item_count) == (*seen[:2], seen.item_count)
    assert found.starts.tolist() == seen.starts.tolist()
    assert found.items.tolist() == seen.items.tolist()
    assert found.items_of(0).tolist() == seen.items_of(0).tolist()


def test_the_most_pairs_fit_into_the_largest_file() -> None:
    assert HEAD.size + (4 << 20) + 4 * MOST_PAIRS < NETWORK_FILES.limits[SEEN_FILE]


@pytest.mark.parametrize("size", range(len(CONTENT)))
def test_a_file_that_is_cut_short_is_refused(size: int) -> None:
    with pytest.raises(InputError, match="is cut short"):
        read_seen(CONTENT[:size])


def tamper(offset: int, layout: str, value: int) -> bytes:
    content = bytearray(CONTENT)
    struct.pack_into(layout, content, offset, value)
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (tamper(0, "<Q", 7), "begins with 0x7; expected"),
        (CONTENT + b"x", "goes on for 1 bytes"),
        (tamper(8, "<I", 1 << 30), "announces a name of"),
        (tamper(HEAD.size, "<B", 0xFF), "no UTF-8"),
        (tamper(16, "<Q", 1 << 62), "is cut short"),
        (tamper(32, "<Q", 1 << 62), "is cut short"),
        (tamper(24, "<Q", 4), "holds items from 0 to 4; expected 0 to 3"),
        (tamper(len(CONTENT) - 4, "<i", -1), "holds items from -1 to 4"),
        (tamper(len(CONTENT) - 16, "<I", 2), "announces 3 pairs, but its users have 4"),
    ],
)
def test_a_file_that_lies_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_seen(content)


def of_sizes(users: int, items: int) -> SeenPairs:
    return SeenPairs("user", "movie", np.zeros(users + 1, np.int64), np.zeros(0, np.int32), items)


def test_pairs_are_of_columns_of_the_model() -> None:
    users, items = len(USER.levels), len(ITEM.levels)
    check_seen(of_sizes(users, items), PAIR)
    check_seen(of_sizes(users, items), WITH_PLACE)
    with pytest.raises(InputError, match="says 31 levels of 'user', but the model has 30"):
        check_seen(of_sizes(users + 1, items), PAIR)
    with pytest.raises(InputError, match="says 24 levels of 'movie', but the model has 25"):
        check_seen(of_sizes(users, items - 1), PAIR)
    for recipe in (None, Recipe((USER,))):
        with pytest.raises(InputError, match="but the model has no such column"):
            check_seen(of_sizes(users, items), recipe)
