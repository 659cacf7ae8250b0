"""A job on a table of users and items keeps which came with which."""

from typing import Any

import numpy as np
import pytest

from open_algorithms.factorization_machines.training import seen
from open_algorithms.factorization_machines.training.result import TrainingResult
from open_algorithms.learning.columns.recipe import CategoryColumn, Recipe, Target
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.rows.csr import Csr
from open_algorithms.learning.work import Columns
from tests.factorization_machines.jobs import ITEMS, REGRESSOR, USERS, cut_blocks, draw_pairs, learn
from tests.learning.job.host_threads import run_hosts

X, y = draw_pairs(900)
RECIPE = Recipe(
    (
        CategoryColumn("user", tuple(f"u{i}" for i in range(USERS))),
        CategoryColumn("item", tuple(f"i{i}" for i in range(ITEMS))),
    ),
    Target("stars", ()),
)
COLUMNS = Columns(RECIPE.feature_names, "stars", recipe=RECIPE)
TEXTS = {**REGRESSOR, "epochs": "2", "num_models": "2"}


def expected_items(X: Csr, user: int) -> list[int]:
    pairs = X.indices.reshape(-1, 2)
    return sorted({int(item) - USERS for own, item in pairs if own == user})


def learn_table(**more: Any) -> TrainingResult:
    return learn(TEXTS, cut_blocks(X, y), read_columns=lambda request: COLUMNS, **more)


def test_pairs_of_all_rows_are_kept_also_of_those_that_were_held_out() -> None:
    seen = learn_table().model.seen
    assert seen is not None
    for user in range(USERS):
        assert seen.items_of(user).tolist() == expected_items(X, user)


def test_pairs_of_all_hosts_are_kept() -> None:
    def be_host(hosts: Hosts) -> TrainingResult:
        return learn_table(hosts=hosts)

    for result in run_hosts(2, be_host):
        assert result.model.seen is not None
        for user in range(USERS):
            assert result.model.seen.items_of(user).tolist() == expected_items(X, user)


def test_too_many_pairs_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "MOST_PAIRS", 5)
    assert learn_table().model.seen is None


def test_rows_of_numbers_have_no_pairs() -> None:
    result = learn(TEXTS, cut_blocks(X, y))
    assert result.model.seen is None
    assert np.isfinite(result.model.margins(X)).all()
