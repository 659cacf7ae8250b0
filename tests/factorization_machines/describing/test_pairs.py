"""The largest pairs are those that comparing all with all finds, without comparing all of a wide machine."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from open_algorithms.factorization_machines.describing import pairs
from open_algorithms.factorization_machines.describing.pairs import (
    MOST_COMPARED,
    Pair,
    find_largest_pairs,
    list_largest_pairs,
)
from open_algorithms.learning.types.arrays import Float32s, Int64s
from tests.factorization_machines.models import draw_model
from tests.factorization_machines.tables import RECIPE, make_table_model


def compare_all(vectors: Float32s, groups: Int64s) -> list[Pair]:
    wide = vectors.astype(np.float64)
    found = [
        Pair(i, j, float(wide[i] @ wide[j])) for i, j in combinations(range(len(wide)), 2) if groups[i] != groups[j]
    ]
    return sorted(found, key=lambda pair: -abs(pair.value))


def draw_vectors(count: int, size: int = 4) -> Float32s:
    return np.random.default_rng(count).normal(size=(count, size)).astype(np.float32)


@pytest.mark.parametrize("rows_at_once", [1, 7, 256])
@pytest.mark.parametrize("groups", [40, 3, 1])
def test_they_are_what_comparing_all_with_all_finds(
    rows_at_once: int, groups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs, "ROWS_AT_ONCE", rows_at_once)
    vectors, owners = draw_vectors(40), np.arange(40) % groups
    found, expected = find_largest_pairs(vectors, owners, 12), compare_all(vectors, owners)[:12]
    assert [pair[:2] for pair in found] == [pair[:2] for pair in expected]
    assert [pair.value for pair in found] == pytest.approx([pair.value for pair in expected], rel=1e-12)


def test_products_below_0_count_by_their_size_and_those_of_0_not_at_all() -> None:
    vectors = np.array([[1, 0], [-5, 0], [0, 2], [0, 0.5]], np.float32)
    assert find_largest_pairs(vectors, np.arange(4), 10) == [Pair(0, 1, -5.0), Pair(2, 3, 1.0)]


@pytest.mark.parametrize("vectors", [np.zeros((0, 3)), np.ones((1, 3)), np.ones((4, 0))])
def test_where_there_are_no_pairs_none_are_found(vectors: Float32s) -> None:
    assert find_largest_pairs(vectors, np.arange(len(vectors)), 5) == []


def test_of_many_features_the_longest_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "MOST_COMPARED", 30)
    vectors = draw_vectors(200)
    longest = np.sort(np.argsort(-np.linalg.norm(vectors, axis=1))[:30])
    found = find_largest_pairs(vectors, np.arange(200), 5)
    expected = compare_all(vectors[longest], np.arange(30))[:5]
    assert [pair[:2] for pair in found] == [(longest[i], longest[j]) for i, j, _ in expected]


def test_a_column_of_many_long_features_does_not_keep_out_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "MOST_COMPARED", 30)
    groups = (np.arange(200) >= 190).astype(np.int64)
    vectors = draw_vectors(200) * np.where(groups, 0.01, 1)[:, None].astype(np.float32)
    found = find_largest_pairs(vectors, groups, 8)
    assert len(found) == 8
    assert all(first < 190 <= second for first, second, _ in found)
    longest = int(np.argmax(np.linalg.norm(vectors[:190], axis=1)))
    assert longest in {first for first, _, _ in found}


def test_a_wide_machine_takes_no_matrix_of_all_pairs() -> None:
    model = draw_model(features=40 * MOST_COMPARED, factors=2)
    found = list_largest_pairs(model, 3)
    assert len(found) == 3
    first, second, value = found[0]
    assert value == pytest.approx(float(model.factors[first].astype(np.float64) @ model.factors[second]))


def test_of_a_table_only_features_of_different_columns_are_pairs() -> None:
    columns = {
        name: number for number, (_, first, last) in enumerate(RECIPE.encoded_columns) for name in range(first, last)
    }
    found = list_largest_pairs(make_table_model(), 1000)
    assert all(columns[first] != columns[second] for first, second, _ in found)
    d = make_table_model().feature_dim
    assert len(found) == sum(columns[i] != columns[j] for i, j in combinations(range(d), 2))
    assert len(list_largest_pairs(replace(make_table_model(), recipe=None), 1000)) == d * (d - 1) // 2
