"""The best are picked as by sorting everything."""

import numpy as np
import pytest

from open_algorithms.factorization_machines.recommending.ranking import order_best, pick_best


@pytest.mark.parametrize("top", [1, 3, 8, 50])
def test_the_best_are_those_of_a_whole_sort_without_those_left_out(top: int) -> None:
    numbers = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)
    left_out = [[], [np.array([2])], [np.array([0, 1]), np.array([1, 7])], [np.arange(8)], [np.arange(7)]]
    expected = []
    for row, parts in enumerate(left_out):
        out = {int(place) for part in parts for place in part}
        expected.append([p for p in np.argsort(-numbers[row]).tolist() if p not in out][:top])
    places, counts = pick_best(numbers.copy(), left_out, top)
    found = [sorted(row[:count]) for row, count in zip(places.tolist(), counts.tolist(), strict=True)]
    assert found == list(map(sorted, expected))


def test_of_equal_scores_the_first_item_comes_first() -> None:
    scores, places = np.array([1.0, 3.0, 3.0, 2.0]), np.array([5, 9, 4, 0])
    assert places[order_best(scores, places)].tolist() == [4, 9, 0, 5]
