"""The calibration error is that of bins by hand; right probabilities have what chance gives, on any number of hosts."""

import numpy as np
import pytest

from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.measuring import tallies
from open_algorithms.learning.measuring.metrics import BinaryTally, MulticlassTally
from open_algorithms.learning.measuring.reliability import (
    BINS,
    CalibrationError,
    describe_miscalibration,
    measure_calibration,
)
from open_algorithms.learning.measuring.tallies import ScoreRanking
from open_algorithms.learning.types.arrays import Bools, Floats
from tests.learning.job.host_threads import run_hosts


def rank(positive: Bools, score: Floats) -> ScoreRanking:
    ranking = ScoreRanking()
    ranking.add(positive, score.astype(np.float32))
    return ranking


def measure(positive: Bools, score: Floats) -> CalibrationError:
    return measure_calibration(*rank(positive, score).counts_by_score)


def draw_right(rows: int) -> tuple[Bools, Floats]:
    """Draw probabilities and labels that keep to them."""
    generator = np.random.default_rng(rows)
    score = 1 / (1 + np.exp(-2 * generator.normal(size=rows) + 1))
    return generator.random(rows) < score, score


def test_the_error_is_the_mean_over_rows_of_how_far_a_bins_share_is_from_its_mean_score() -> None:
    score = np.repeat([0.1, 0.3, 0.8], [10, 10, 20])
    positive = np.arange(40) < 10 + 4  # all of the first ten, four of the next
    positive[20:] = np.arange(20) < 16
    assert measure(positive, score).value == pytest.approx((10 * 0.9 + 10 * 0.1 + 20 * 0.0) / 40, rel=1e-6)


def test_bins_hold_equal_numbers_of_rows_in_the_order_of_their_scores() -> None:
    positive, score = draw_right(6 * 15)
    score = score**4  # most of them small
    parts = np.array_split(np.argsort(score), 15)
    expected = np.mean([abs(score[rows].mean() - positive[rows].mean()) for rows in parts])
    assert measure(positive, score).value == pytest.approx(expected, rel=1e-5)


def test_errors_within_a_bin_cancel_and_those_of_different_bins_do_not() -> None:
    score = np.repeat(np.linspace(0.4, 0.6, BINS), 2)
    positive = np.arange(2 * BINS) % 2 == 0
    assert measure(positive, score).value == pytest.approx(np.abs(np.linspace(0.4, 0.6, BINS) - 0.5).mean(), rel=1e-5)


@pytest.mark.parametrize("rows", [30, 300, 30_000])
def test_right_probabilities_are_off_by_what_chance_gives(rows: int) -> None:
    found = measure(*draw_right(rows))
    assert found.value == pytest.approx(found.by_chance, rel=0.7)
    assert not found.is_noticeable


def test_the_part_of_chance_is_the_mean_of_many_draws_of_labels() -> None:
    generator, (_, score) = np.random.default_rng(0), draw_right(200)
    drawn = [measure(generator.random(200) < score, score) for _ in range(300)]
    assert np.mean([found.value for found in drawn]) == pytest.approx(drawn[0].by_chance, rel=0.05)


def test_probabilities_that_are_far_off_are_noticed_if_the_rows_are_enough_to_tell() -> None:
    for rows, is_noticed in ((20, False), (1000, True)):
        positive, score = draw_right(rows)
        assert measure(positive, np.sqrt(score)).is_noticeable == is_noticed
    positive, score = draw_right(100_000)
    assert not measure(positive, 0.97 * score).is_noticeable  # by more than chance, but not far


def test_scores_that_are_no_numbers_do_not_count() -> None:
    positive, score = draw_right(100)
    score[::10] = np.nan
    kept = np.isfinite(score)
    assert measure(positive, score) == measure(positive[kept], score[kept])
    assert np.isnan(measure(positive, np.full(100, np.nan)).value)


@pytest.mark.parametrize("ranked", [10_000, 100], ids=["ranked", "in bins of scores"])
def test_hosts_find_together_what_one_finds_alone(ranked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "RANKED_ROWS", ranked)
    generator = np.random.default_rng(0)
    z = 3 * generator.normal(size=(900, 3))
    score = (np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)).astype(np.float32)
    y, label = generator.integers(0, 3, 900).astype(np.float32), score.argmax(axis=1)
    answers = {
        BinaryTally: ((y > 0).astype(np.float32), {"score": score[:, 1], "predicted_label": score[:, 1] > 0.5}),
        MulticlassTally: (y, {"score": score, "predicted_label": label}),
    }

    def count(host: int, hosts: Hosts | None) -> list[CalibrationError]:
        found = []
        for tally in (BinaryTally(1.0), MulticlassTally(3, 1.0, 2)):
            labels, answer = answers[type(tally)]
            rows = slice(None) if hosts is None else slice(250 * host, 250 if host == 0 else None)
            tally.add(labels[rows], {name: column[rows] for name, column in answer.items()})
            if hosts is not None:
                tally.merge_hosts(hosts)
            found.append(measure_calibration(*tally.ranking.counts_by_score))
        return found

    alone = count(0, None)
    assert run_hosts(2, lambda hosts: count(hosts.rank, hosts)) == [alone, alone]


def test_of_many_classes_the_score_of_the_predicted_one_is_held_against_how_often_it_is_right() -> None:
    score = np.tile(np.array([0.2, 0.7, 0.1], np.float32), (100, 1))
    y = np.repeat([0, 1, 2], [30, 60, 10]).astype(np.float32)
    tally = MulticlassTally(3, 1.0, 2)
    tally.add(y, {"score": score, "predicted_label": score.argmax(axis=1)})
    assert measure_calibration(*tally.ranking.counts_by_score).value == pytest.approx(0.7 - 0.6, rel=1e-5)


def test_the_error_and_what_chance_gives_are_said_in_words() -> None:
    text = describe_miscalibration(CalibrationError(0.213, 0.0149), "the validation rows", has_weights=True)
    assert text.startswith("The probabilities are off by 0.21 on average on the validation rows")
    assert "right ones would be off by 0.015, by chance" in text
