"""Thresholds are the true optimum; ties are broken as documented."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, fbeta_score

from open_algorithms.learning.measuring.thresholds import (
    Criterion,
    CutValues,
    accuracy_at_cuts,
    best_candidate,
    best_values,
    calibrate_threshold,
    f_beta_at_cuts,
    precision_at_target_recall,
    recall_at_target_precision,
)
from tests.chance import draw_examples

ROWS = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=30)


def arrays(rows: list[tuple[int, bool]]) -> tuple[NDArray[Any], NDArray[Any]]:
    score = np.array([score / 8 for score, _ in rows], np.float32)
    return score, np.array([label for _, label in rows], np.float32)


def every_threshold(score: NDArray[Any]) -> list[float]:
    return [*np.unique(score).astype(float), 2.0]


@given(ROWS)
def test_no_threshold_is_more_accurate_than_the_calibrated_one(rows: list[tuple[int, bool]]) -> None:
    score, label = arrays(rows)
    found = calibrate_threshold(score, label, accuracy_at_cuts)
    best = max(accuracy_score(label, score >= threshold) for threshold in every_threshold(score))
    assert found.value == pytest.approx(best)
    assert accuracy_score(label, score >= found.threshold) == pytest.approx(best)


@draw_examples(30)  # scikit-learn takes a millisecond a threshold
@given(ROWS, st.sampled_from([0.5, 1.0, 2.0]))
def test_no_threshold_has_a_better_f_score_than_the_calibrated_one(rows: list[tuple[int, bool]], beta: float) -> None:
    score, label = arrays(rows)
    found = calibrate_threshold(score, label, partial(f_beta_at_cuts, beta=beta))
    scores = [
        fbeta_score(label, score >= threshold, beta=beta, zero_division=0.0) for threshold in every_threshold(score)
    ]
    assert found.value == pytest.approx(max(scores))
    assert fbeta_score(label, score >= found.threshold, beta=beta, zero_division=0.0) == pytest.approx(max(scores))


CRITERIA = [
    accuracy_at_cuts,
    partial(f_beta_at_cuts, beta=2.0),
    partial(precision_at_target_recall, target=0.6),
    partial(recall_at_target_precision, target=0.6),
]


@given(st.lists(ROWS, min_size=1, max_size=3), st.sampled_from(CRITERIA))
def test_the_best_values_of_several_models_are_those_of_each_alone(
    models: list[list[tuple[int, bool]]], criterion: Criterion
) -> None:
    """Also of negative scores, of zeros of both signs and of infinite ones."""
    count = min(map(len, models))
    special = {0: -0.0, 1: -np.inf, 8: np.inf}
    scores = np.array([[special.get(s, (s - 4) / 3) for s, _ in rows[:count]] for rows in models], np.float32)
    label = np.array([label for _, label in models[0][:count]], np.float32)
    expected = [calibrate_threshold(score, label, criterion).value for score in scores]
    np.testing.assert_array_equal(best_values(scores, label, criterion), expected)


def test_the_threshold_lies_half_way_between_the_scores_that_it_parts() -> None:
    found = calibrate_threshold(np.array([0.1, 0.3, 0.6, 0.9], np.float32), np.array([0, 0, 1, 1]), accuracy_at_cuts)
    assert found.threshold == pytest.approx(0.45)


def test_among_equally_good_thresholds_the_one_nearest_to_a_half_wins() -> None:
    score = np.array([0.05, 0.1, 0.2, 0.55, 0.7, 0.9], np.float32)
    label = np.array([0, 1, 0, 1, 0, 1])
    assert calibrate_threshold(score, label, accuracy_at_cuts).threshold == pytest.approx(0.375)


def test_the_nearest_to_a_half_is_found_among_many_that_are_equally_good() -> None:
    score = np.array([0.9, 0.8, 0.7, 0.6, 0.45, 0.4], np.float32)
    label = np.array([1, 0, 1, 0, 1, 0], np.float32)
    for some, same in ((score, label), (1 - score, 1 - label)):
        found = calibrate_threshold(some, same, accuracy_at_cuts).threshold
        assert abs(found - 0.5) == pytest.approx(0.075)


@pytest.mark.parametrize("steps", [0, 1])  # of which one is even in its last bit, as the middle is rounded
def test_a_threshold_between_neighbouring_floats_still_parts_them(steps: int) -> None:
    low = np.float32(0.7) if steps == 0 else np.nextafter(np.float32(0.7), np.float32(1))
    score = np.array([low, np.nextafter(low, np.float32(1))], np.float32)
    found = calibrate_threshold(score, np.array([0, 1]), accuracy_at_cuts)
    assert (score.astype(np.float64) >= found.threshold).tolist() == [False, True]


@given(ROWS)
def test_no_threshold_as_good_is_nearer_to_a_half(rows: list[tuple[int, bool]]) -> None:
    score, label = arrays(rows)
    distinct = np.unique(score).astype(float)
    ends = [min(distinct[0], 0.5), max(float(np.nextafter(np.float32(distinct[-1]), np.float32(2))), 0.5)]
    every = [*ends, *((distinct[1:] + distinct[:-1]) / 2)]
    right = [accuracy_score(label, score >= threshold) for threshold in every]
    best = [threshold for threshold, share in zip(every, right, strict=True) if share == max(right)]
    found = calibrate_threshold(score, label, accuracy_at_cuts).threshold
    assert abs(found - 0.5) == pytest.approx(min(abs(threshold - 0.5) for threshold in best))


def test_a_target_that_is_met_exactly_is_kept() -> None:
    by_recall = partial(precision_at_target_recall, target=0.5)
    found = calibrate_threshold(np.array([0.9, 0.6, 0.3], np.float32), np.array([1, 0, 1]), by_recall)
    assert (found.threshold, found.value) == (0.75, 1)
    score = np.array([0.9, 0.8, 0.7, 0.2, 0.1], np.float32)
    found = calibrate_threshold(score, np.array([1, 1, 1, 1, 0]), by_recall)
    assert found.threshold == pytest.approx(0.15)  # of those without a false positive the one that misses none


def test_of_thresholds_with_one_value_that_wins_which_keeps_more_of_the_target() -> None:
    score, label = np.array([0.55, 0.2, 0.1], np.float32), np.array([1, 1, 0])
    by_recall = partial(precision_at_target_recall, target=0.4)
    assert calibrate_threshold(score, label, by_recall).threshold == pytest.approx(0.15)
    unreached = np.array([0.55, 0.55, 0.2, 0.2], np.float32)
    by_precision = partial(recall_at_target_precision, target=0.9)
    found = calibrate_threshold(unreached, np.array([1, 0, 1, 0]), by_precision)
    assert found.threshold == pytest.approx(0.2)
    assert found.value == pytest.approx(0.5 - 0.9)


@pytest.mark.parametrize(("label", "said"), [(0, [0, 0, 0]), (1, [1, 1, 1])])
def test_one_class_only_gives_a_threshold_that_is_always_right(label: int, said: list[int]) -> None:
    score = np.array([0.2, 0.6, 0.9], np.float32)
    found = calibrate_threshold(score, np.full(3, label), accuracy_at_cuts)
    assert (score >= found.threshold).astype(int).tolist() == said


def test_the_best_value_wins_then_the_lower_loss_then_the_lower_index() -> None:
    values = np.array([0.8, 0.9, 0.9, 0.9])
    assert best_candidate(values, np.array([0.1, 0.4, 0.3, 0.3]), maximise=True) == 2
    assert best_candidate(values, np.array([0.1, 0.4, 0.3, 0.3]), maximise=False) == 0


def test_the_value_counts_more_than_the_loss_whichever_end_of_it_is_better() -> None:
    assert best_candidate(np.array([0.3, 0.2]), np.array([0.1, 0.4]), maximise=False) == 1
    assert best_candidate(np.array([0.2, 0.3]), np.array([0.1, 0.4]), maximise=True) == 1


def test_a_candidate_with_a_score_but_no_loss_has_diverged_too() -> None:
    assert best_candidate(np.array([0.9, 0.5]), np.array([np.nan, 0.1]), maximise=True) == 1


def test_a_candidate_that_diverged_cannot_be_chosen() -> None:
    losses = np.array([np.nan, 0.5, np.inf])
    assert best_candidate(losses, losses, maximise=False) == 1
    assert best_candidate(losses[[0, 2]], losses[[0, 2]], maximise=False) is None


def brute_force(score: NDArray[Any], label: NDArray[Any], kept: str, target: float) -> tuple[float, float]:
    """Return the best of one of precision and recall among thresholds that keep the other, and that other's most."""
    best = most = -1.0
    for threshold in every_threshold(score):
        said = score >= threshold
        right = np.sum(said & (label == 1))
        found = {"precision": right / max(said.sum(), 1), "recall": right / max(label.sum(), 1)}
        most = max(most, found[kept])
        if found[kept] >= target:
            best = max(best, found["recall" if kept == "precision" else "precision"])
    return best, most


@pytest.mark.parametrize(
    ("criterion", "kept"), [(precision_at_target_recall, "recall"), (recall_at_target_precision, "precision")]
)
@given(rows=ROWS, target=st.sampled_from([0.3, 0.8]))
def test_the_value_is_the_best_that_keeps_the_target_or_the_nearest_miss(
    criterion: Callable[..., CutValues], kept: str, rows: list[tuple[int, bool]], target: float
) -> None:
    score, label = arrays(rows)
    found = calibrate_threshold(score, label, partial(criterion, target=target))
    best, most = brute_force(score, label, kept, target)
    assert found.value == pytest.approx(best if most >= target else most - target)
