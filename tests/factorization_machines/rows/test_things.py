"""Columns of ids are known by their names."""

import pytest

from open_algorithms.factorization_machines.rows.things import THINGS


@pytest.mark.parametrize(
    "name",
    ["user_id", "id", "ID", "userId", "movieID", "movie", "Users", "item id", "itemid", "isbn", "customer", "x.id"],
)
def test_ids(name: str) -> None:
    assert THINGS.fullmatch(name)


@pytest.mark.parametrize(
    "name", ["age", "width", "paid", "humid", "bid", "users_count", "rating", "Fluid", "item_price", ""]
)
def test_amounts(name: str) -> None:
    assert not THINGS.fullmatch(name)
