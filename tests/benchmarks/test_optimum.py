from functools import partial

import numpy as np
import pytest

from benchmarks.optimum import ALONE, TWENTY, VALIDATED, Duel, Excess, compete, count_splits, find_excess, learn, sum_up
from benchmarks.sets import BINARY, MULTICLASS, REGRESSOR, Set, draw, draw_classes


def duel(ours: list[float], peers: list[float], first: int = 0) -> Duel:
    return Duel(np.arange(first, first + len(ours)), np.array(ours), np.array(peers))


def test_the_excess_is_that_of_all_rows_of_all_splits() -> None:
    excess = find_excess([duel([1, 2], [1, 1]), duel([3], [2], first=2)], counted=False)
    assert excess.percent == pytest.approx(50)


def test_equal_losses_are_certain_and_others_as_noisy_as_their_ratio() -> None:
    assert find_excess([duel([2, 4], [1, 2])], counted=False) == Excess(100, 0)
    excess = find_excess([duel([2, 1], [1, 2])], counted=False)
    assert excess.error == pytest.approx(100 * np.sqrt(2) / 3)


def test_a_row_that_is_tested_twice_says_no_more_than_once() -> None:
    once, twice = [duel([2, 1], [1, 2])], [duel([2, 1], [1, 2])] * 2
    assert find_excess(twice, counted=False).error == pytest.approx(find_excess(once, counted=False).error)


def test_a_peer_without_errors_can_be_compared_with() -> None:
    assert find_excess([duel([1, 0], [0, 0])], counted=True).percent == pytest.approx(200)
    assert find_excess([duel([0, 0], [0, 0])], counted=True) == Excess(0, 0)


def test_a_sum_tells_the_mean_of_the_sets_and_which_is_worse_beyond_its_noise() -> None:
    mean, worse, worst = sum_up("binaries", "errors", {"a": Excess(50, 30), "b": Excess(9, 2), "c": Excess(-8, 1)})
    assert mean.value == pytest.approx((20 + 9 - 8) / 3)
    assert (worse.value, worse.is_met) == (1, False)
    assert (worst.what.split()[-1], worst.value, worst.most) == ("b", 9, 7)


def test_a_small_set_has_more_splits() -> None:
    assert count_splits(150) > count_splits(1000) > count_splits(100_000) >= 1


@pytest.mark.parametrize("way", [VALIDATED, ALONE])
def test_both_sides_learn_what_can_be_learned(way: str) -> None:
    given = Set("clouds", MULTICLASS, "drawn", partial(draw_classes, 400, 5, 3, 3.0))
    duels = compete(given, way, seed=0)
    assert list(duels) == ["label errors", "log losses"]
    errors = duels["label errors"]
    assert errors.ours.mean() < 0.1
    assert errors.peers.mean() < 0.1
    assert len(errors.rows) == 80


def test_twenty_splits_are_judged_by_the_loss() -> None:
    given = Set("two", BINARY, "drawn", partial(draw, BINARY, 200, 3))
    assert list(compete(given, TWENTY, seed=1)) == ["log losses"]
    given = Set("line", REGRESSOR, "drawn", partial(draw, REGRESSOR, 200, 3))
    assert list(compete(given, TWENTY, seed=1)) == ["squared errors"]


def test_our_labels_are_those_of_the_calibrated_threshold() -> None:
    X, y = draw(BINARY, 400, 3)
    asked = {"binary_classifier_model_selection_criteria": "precision_at_target_recall", "target_recall": "0.95"}
    answer = learn(BINARY, asked, (X, y), None)(X)
    assert answer.labels[y > 0].mean() > 0.9 > (answer.margins[y > 0, 0] > 0).mean()
