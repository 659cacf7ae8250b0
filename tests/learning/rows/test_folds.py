"""Every fold has its share of the rows and of each class, and the same seed deals the same folds."""

import numpy as np
import pytest

from open_algorithms.learning.rows.folds import deal_folds

LABELS = np.random.default_rng(0).choice(4, 103, p=[0.6, 0.3, 0.07, 0.03]).astype(np.float32)


@pytest.mark.parametrize("by_class", [True, False])
@pytest.mark.parametrize("folds", [2, 5, 20])
def test_folds_have_as_many_rows_as_each_other_but_for_one(folds: int, by_class: bool) -> None:
    sizes = np.bincount(deal_folds(LABELS, folds, 3, by_class=by_class), minlength=folds)
    assert len(sizes) == folds
    assert np.ptp(sizes) <= 1


@pytest.mark.parametrize("folds", [2, 5, 20])
def test_folds_have_as_many_rows_of_each_class_as_each_other_but_for_one(folds: int) -> None:
    dealt = deal_folds(LABELS, folds, 3, by_class=True)
    for label in range(4):
        assert np.ptp(np.bincount(dealt[label == LABELS], minlength=folds)) <= 1


def test_a_seed_always_deals_the_same_and_another_seed_otherwise() -> None:
    for by_class in (True, False):
        first, again, other = (deal_folds(LABELS, 5, seed, by_class=by_class) for seed in (3, 3, 4))
        np.testing.assert_array_equal(first, again)
        assert 0.5 < (first != other).mean() < 1


def test_without_classes_labels_do_not_matter() -> None:
    first, second = (deal_folds(labels, 5, 3, by_class=False) for labels in (LABELS, LABELS[::-1]))
    np.testing.assert_array_equal(first, second)
    assert (deal_folds(LABELS, 5, 3, by_class=True) != first).any()


def test_neighbours_are_dealt_at_random() -> None:
    for by_class in (True, False):
        dealt = deal_folds(np.zeros(1000), 5, 0, by_class=by_class)
        assert abs((dealt[1:] == dealt[:-1]).mean() - 0.2) < 0.05


def test_fewer_rows_than_folds_leave_folds_empty() -> None:
    assert sorted(deal_folds(np.array([1, 0, 1]), 5, 0, by_class=True)) == [0, 1, 2]
    assert len(deal_folds(np.zeros(0), 5, 0, by_class=True)) == 0
