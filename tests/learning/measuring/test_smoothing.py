"""Thresholds of few rows are better on new rows than the best of those rows; of many rows they are the best."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_algorithms.learning.measuring import smoothing
from open_algorithms.learning.measuring.smoothing import mean_cut, smooth_threshold
from open_algorithms.learning.measuring.thresholds import (
    Criterion,
    Cuts,
    accuracy_at_cuts,
    calibrate_threshold,
    enumerate_cuts,
    f_beta_at_cuts,
)
from open_algorithms.learning.types.arrays import Floats
from tests.chance import draw_examples

F1 = partial(f_beta_at_cuts, beta=1.0)
DISTANCE = 1.5  # between the means of the classes, in standard deviations


def draw_rows(generator: np.random.Generator, rows: int, positives: float) -> tuple[Floats, Floats]:
    """Draw probabilities that are right, and labels."""
    label = (generator.random(rows) < positives).astype(np.float32)
    margin = DISTANCE * (generator.normal(size=rows) + DISTANCE * (label - 0.5)) + np.log(positives / (1 - positives))
    return (1 / (1 + np.exp(-margin))).astype(np.float32), label


def value_on(cuts: Cuts, threshold: float, criterion: Criterion) -> float:
    return float(criterion(cuts).value[np.searchsorted(-cuts.scores, -np.float32(threshold), side="right")])


@pytest.mark.parametrize(("criterion", "positives"), [(accuracy_at_cuts, 0.3), (F1, 0.3), (F1, 0.05)])
def test_on_new_rows_the_threshold_of_few_rows_is_better_than_their_best(
    criterion: Criterion, positives: float
) -> None:
    generator = np.random.default_rng(0)
    new = enumerate_cuts(*draw_rows(generator, 20_000, positives))
    best = criterion(new).value.max()
    regrets = [
        [
            best - value_on(new, find(*rows, criterion).threshold, criterion)
            for find in (smooth_threshold, calibrate_threshold)
        ]
        for rows in (draw_rows(generator, 200, positives) for _ in range(150))
    ]
    smooth, plain = np.mean(regrets, axis=0)
    assert smooth < 0.8 * plain


@draw_examples(30)
@given(
    st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=30),
    st.sampled_from([F1, accuracy_at_cuts]),
)
def test_the_value_is_the_criterion_at_the_threshold(rows: list[tuple[int, bool]], criterion: Criterion) -> None:
    score, label = (np.array(column, np.float32) for column in zip(*rows, strict=True))
    found = smooth_threshold(score / 8, label, criterion)
    assert found.threshold == np.float32(found.threshold)
    assert found.value == pytest.approx(value_on(enumerate_cuts(score / 8, label), found.threshold, criterion))


def test_classes_that_one_threshold_parts_are_parted_half_way() -> None:
    score = np.array([0.7, 0.1, 0.9, 0.2], np.float32)
    found = smooth_threshold(score, np.array([1, 0, 1, 0], np.float32), accuracy_at_cuts)
    assert found.threshold == pytest.approx(0.45)
    assert found.value == 1


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_only_gives_a_threshold_that_is_always_right(label: int) -> None:
    score = np.array([0.2, 0.6, 0.9], np.float32)
    found = smooth_threshold(score, np.full(3, label, np.float32), accuracy_at_cuts)
    assert (score >= found.threshold).tolist() == [label == 1] * 3


def test_the_scale_of_the_scores_does_not_matter() -> None:
    score, label = draw_rows(np.random.default_rng(1), 200, 0.3)
    cut = score >= smooth_threshold(score, label, accuracy_at_cuts).threshold
    assert 0 < cut.sum() < len(cut)
    margin = (10 * score - 20).astype(np.float32)
    assert ((margin >= smooth_threshold(margin, label, accuracy_at_cuts).threshold) == cut).all()


def test_the_order_of_the_rows_does_not_matter_also_among_equal_scores() -> None:
    weights, turned = 1 + np.arange(200, dtype=np.float32), slice(None, None, -1)
    for seed in range(10):
        score, label = draw_rows(np.random.default_rng(seed), 200, 0.3)
        score = score.round(2)
        found = smooth_threshold(score, label, F1, weights)
        assert smooth_threshold(score[turned], label[turned], F1, weights[turned]) == found


def test_a_row_of_weight_zero_does_not_count() -> None:
    score, label = draw_rows(np.random.default_rng(2), 200, 0.3)
    weights = np.ones(200, np.float32)
    weights[100:] = 0
    kept = smooth_threshold(score, label, F1, weights)
    label[100:] = 1 - label[100:]
    assert smooth_threshold(score, label, F1, weights) == kept


def test_a_row_of_more_weight_draws_the_threshold_to_its_side() -> None:
    score, label = draw_rows(np.random.default_rng(3), 200, 0.3)
    threshold = smooth_threshold(score, label, accuracy_at_cuts).threshold
    assert smooth_threshold(score, label, accuracy_at_cuts, 1 + 4 * label).threshold < threshold


def test_the_threshold_of_very_many_rows_is_their_best(monkeypatch: pytest.MonkeyPatch) -> None:
    score, label = draw_rows(np.random.default_rng(4), 300, 0.3)
    assert smooth_threshold(score, label, F1) != calibrate_threshold(score, label, F1)
    monkeypatch.setattr(smoothing, "DRAWN_ROWS", 300 * smoothing.LEAST_DRAWS - 1)
    assert smooth_threshold(score, label, F1) == calibrate_threshold(score, label, F1)


def test_the_mean_of_cuts_is_one_of_them_where_they_agree_and_by_odds_elsewhere() -> None:
    assert [mean_cut(np.array([k, k]), 5) for k in range(6)] == [*range(6)]
    assert mean_cut(np.array([1, 100]), 10**6) == 12  # the square root of 1.5 * 100.5
    assert mean_cut(np.array([1, 9]), 10) == 5
