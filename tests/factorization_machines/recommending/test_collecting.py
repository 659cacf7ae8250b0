"""What was seen is every pair of known levels, once, whatever form rows have."""

import numpy as np
import pytest

from open_algorithms.factorization_machines.artifact.seen import SeenPairs
from open_algorithms.factorization_machines.recommending import collecting
from open_algorithms.factorization_machines.recommending.collecting import SeenCollector, collect_seen
from open_algorithms.factorization_machines.recommending.pairs import choose_pair
from open_algorithms.learning.columns.encode import encode_rows
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.rows.csr import Csr
from tests.factorization_machines.pairs import PAIR, as_arrays, make_wide_recipe

ROWS: list[tuple[str | None, str | None]] = [
    ("u2", "m3"),
    ("u0", "m9"),
    ("u2", "m3"),
    ("u2", "m1"),
    ("nobody", "m1"),
    ("u1", "lost"),
    ("u1", None),
    (None, "m4"),
    ("u29", "m24"),
]
PAIRS = [("u0", "m9"), ("u2", "m1"), ("u2", "m3"), ("u29", "m24")]


def list_pairs(seen: SeenPairs | None, recipe: Recipe) -> list[tuple[str, str]]:
    assert seen is not None
    pair = choose_pair(recipe)
    users, items = pair.user.column.levels, pair.item.column.levels
    assert (seen.user_count, seen.item_count) == (len(users), len(items))
    return [(user, items[item]) for place, user in enumerate(users) for item in seen.items_of(place).tolist()]


@pytest.mark.parametrize("recipe", [PAIR, make_wide_recipe()])
@pytest.mark.parametrize("merged", [False, True])
def test_pairs_are_collected_from_encoded_rows_and_from_columns_alike(
    recipe: Recipe, merged: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "KEYS_AT_ONCE", 1 if merged else 1 << 22)
    users, items = ([row[side] for row in ROWS] for side in (0, 1))
    arrays = as_arrays(user=users, movie=items)
    X = encode_rows(recipe, arrays).features
    assert isinstance(X, Csr) == recipe.is_sparse
    blocks = [(X, np.zeros(len(ROWS), np.float32))] * 2
    assert list_pairs(collect_seen(blocks, choose_pair(recipe)), recipe) == PAIRS
    collector = SeenCollector(choose_pair(recipe))
    collector.add_columns(arrays["user"], arrays["movie"])
    assert list_pairs(collector.collect(), recipe) == PAIRS


def test_no_rows_are_no_pairs() -> None:
    assert list_pairs(SeenCollector(choose_pair(PAIR)).collect(), PAIR) == []


def test_of_a_user_that_is_not_known_nothing_was_seen() -> None:
    collector = SeenCollector(choose_pair(PAIR))
    collector.add_columns(*as_arrays(user=["u29"], movie=["m1"]).values())
    seen = collector.collect()
    assert seen is not None
    assert seen.items_of(-1).tolist() == []
    assert seen.items_of(29).tolist() == [1]


@pytest.mark.parametrize("merged", [False, True])
def test_it_gives_up_where_there_are_too_many(merged: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "KEYS_AT_ONCE", 1 if merged else 1 << 22)
    arrays = as_arrays(user=["u1", "u2", "u3"], movie=["m1", "m1", "m1"])
    block = encode_rows(PAIR, arrays).features, np.zeros(3, np.float32)
    pair = choose_pair(PAIR)
    assert collect_seen([block, block], pair, most=2) is None
    assert collect_seen([block, block], pair, most=3) is not None
