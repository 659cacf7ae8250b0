"""The report of a job: what it tells is what the log tells."""

import json
import platform
import re
import tracemalloc
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
import pytest

from linear_learner.report.build import weight_entries
from linear_learner.report.page import render_report
from linear_learner.report.schema import Report
from open_algorithms.learning.showing.quality.schema import FOLDS, BinaryQuality
from tests.learning.job.recorder import Criterion, Metrics, Recorder
from tests.learning.job.stops import Stop
from tests.learning.training.disks import Disk
from tests.linear_learner.report.jobs import JOBS, channels, job, rows_of, tell, train
from tests.linear_learner.training.disks import cut_off
from tests.linear_learner.training.examples import HYPERPARAMETERS


def told(pattern: str, log: Recorder) -> list[tuple[str, ...]]:
    """Return what the groups of the pattern find in each line."""
    return [match.groups() for line in log.said if (match := re.search(pattern, line))]


@pytest.mark.parametrize("name", JOBS)
def test_every_score_is_that_of_the_log(name: str) -> None:
    _, found, log = job(name)
    for channel, quality in found.channels.items():
        if channel != FOLDS:
            assert quality.scores == log.final_scores(channel)
        assert quality.scores
    assert set(found.channels) - {FOLDS} == set(channels(name))
    assert (FOLDS in found.channels) == (name == "folds")
    rows = {name: sum(len(y) for _, y in blocks) for name, blocks in channels(name).items()}
    assert {name: facts.rows for name, facts in found.data.channels.items()} == rows
    assert log.has_said(f"Training {len(found.bank)} candidates on {rows['train']} rows of {found.data.features}")


@pytest.mark.parametrize("name", ["binary_classifier", "by hinge", "unvalidated"])
def test_the_calibrated_threshold_is_the_models_and_only_probabilities_are_compared_with_shares(name: str) -> None:
    result, found, _ = job(name)
    for channel, quality in found.channels.items():
        assert isinstance(quality, BinaryQuality)
        answer, y = rows_of(name, channel)
        own = next(entry for entry in quality.thresholds if entry.calibrated)
        assert own.threshold == result.model.threshold == found.threshold
        assert own.flagged == (answer["predicted_label"] == 1).sum()
        assert own.metrics["binary_classification_accuracy"] == (answer["predicted_label"] == y).mean()
        assert (quality.calibration is not None) == (name != "by hinge")


def logged_curves(found: Report, log: Recorder) -> dict[str, Any]:
    """Return the losses of all candidates and epochs that the log was given; nan where there is none, or no number."""
    curves = {}
    for channel in found.curves.losses:
        curves[channel] = np.full((len(found.curves.losses[channel]), found.training.epochs), np.nan)
        for metrics in log.select_events(Metrics):
            loss = metrics.values.get(f"{channel}_{found.objective}")
            if isinstance(loss, float) and np.isfinite(loss):
                curves[channel][metrics.model, metrics.epoch] = loss
    return curves


@pytest.mark.parametrize("name", [name for name in JOBS if name != "folds"])
def test_every_curve_and_every_candidate_is_that_of_the_log(name: str) -> None:
    _, found, log = job(name)
    training, best, curves = found.training, found.curves.early_stopping, logged_curves(found, log)
    assert found.curves.epochs == list(range(training.epochs))
    for channel, curve in curves.items():
        np.testing.assert_array_equal(np.array(found.curves.losses[channel], np.float64), curve)
    early = log.select_events(Criterion)
    assert best.values == [event.value for event in early]
    assert best.criterion == early[0].name.removeprefix("sampled_")
    winner = found.winning_entry
    assert winner.settings == json.loads(told("Best model found for hyperparameters: (.*)", log)[0][0])
    if found.winner < len(curves["train"]):
        assert winner.train_loss == curves["train"][found.winner, training.best_epoch]
        if "validation" in curves:
            assert winner.validation_loss == curves["validation"][found.winner, training.best_epoch]
    if "validation" in curves:
        assert winner.loss == pytest.approx(winner.validation_loss, rel=1e-6)
    if not training.maximise:
        assert winner.value == winner.loss
    left = {entry.candidate: entry.left_after_epoch for entry in found.bank if entry.left_after_epoch}
    leaves = told(r"candidates leave: .* in (\d+) epochs: ([\d, ]+)\.", log)
    wanted = training.epochs_wanted
    assert left == {int(m): wanted - int(more) for more, listed in leaves for m in listed.split(", ")}
    assert left or name != "pruned"


def test_a_job_without_epochs_has_no_curves() -> None:
    found = job("folds")[1]
    assert found.curves.epochs == found.curves.early_stopping.values == []
    assert (found.training.folds, found.training.deciding, found.training.epochs) == (3, "train", 0)
    assert found.training.passes > 0


@pytest.mark.parametrize("name", JOBS)
def test_the_winner_stands_first_and_the_others_fall(name: str) -> None:
    _, found, _ = job(name)
    assert found.bank[0].candidate == found.winner
    assert sorted(entry.candidate for entry in found.bank) == list(range(len(found.bank)))
    sign = -1 if found.training.maximise else 1
    stayed = [(sign * entry.value, entry.loss) for entry in found.bank[1:] if entry.left_after_epoch is None]
    assert stayed == sorted(stayed)


@pytest.mark.parametrize("name", HYPERPARAMETERS)
def test_standardised_weights_are_the_raw_ones_times_the_deviation_of_their_feature(name: str) -> None:
    result, found, _ = job(name)
    for entry in found.weights:
        raw = result.model.weight[entry.column]
        deviation = result.scaler.deviation[entry.column]
        np.testing.assert_allclose(entry.raw, raw)
        np.testing.assert_allclose(entry.standardised, raw * float(deviation), rtol=1e-6)
    largest = [max(map(abs, entry.standardised)) for entry in found.weights]
    assert largest == sorted(largest, reverse=True)
    assert found.weights[0].feature == f"f{found.weights[0].column}"


def test_weights_of_features_that_were_not_normalized_are_compared_by_their_deviation_too() -> None:
    result = train(JOBS["regressor"] | {"normalize_data": "false"}, channels("regressor"))
    X = np.concatenate([X for X, _ in channels("regressor")["train"]])
    for entry in weight_entries(result.model):
        assert entry.raw == [float(result.model.weight[entry.column, 0])]
        assert entry.standardised == pytest.approx([entry.raw[0] * X[:, entry.column].std()], rel=1e-3)


def test_the_weights_are_listed_without_a_copy_of_them() -> None:
    result, _, _ = job("regressor")
    many = np.arange(-2_000_000, 2_000_000, dtype=np.float32).reshape(2000, 2000)
    wide = replace(result.model, weight=many, deviations=np.ones(2000, np.float32))
    tracemalloc.start()
    first = weight_entries(wide)[0]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (first.column, first.classes, first.raw) == (0, [0], [-2_000_000])
    assert peak < many.nbytes / 4


def test_the_versions_are_those_that_took_part() -> None:
    found = job("regressor")[1].versions
    assert found["open-linear-learner"] == version("open-linear-learner")
    assert (found["numpy"], found["python"]) == (np.__version__, platform.python_version())


def test_a_job_that_resumes_from_a_checkpoint_reports_all_of_its_epochs() -> None:
    texts, data = JOBS["binary_classifier"], channels("binary_classifier")
    result = train(texts, data, checkpoints=cut_off(2, texts, data))
    assert tell(result, texts) == job("binary_classifier")[1]


def test_of_very_many_epochs_some_are_reported_the_best_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linear_learner.training.progress.MAX_HISTORY", 3 * 4 * 10)
    texts = HYPERPARAMETERS["regressor"] | {"epochs": "50", "num_models": "4", "early_stopping_patience": "50"}
    found = tell(train(texts, channels("regressor")), texts)
    epochs, best = found.curves.epochs, found.training.best_epoch
    assert found.training.epochs == 50
    assert 5 <= len(epochs) <= 12
    assert epochs == sorted(set(epochs))
    assert epochs[-1] == 49
    assert best in epochs
    winner = found.bank[0]
    assert winner.validation_loss == found.curves.losses["validation"][found.winner][epochs.index(best)]
    assert winner.validation_loss == min(found.curves.early_stopping.values)
    assert winner.value == pytest.approx(winner.validation_loss, rel=1e-6)
    assert "candidate" in render_report(found)


def test_a_job_that_is_stopped_in_its_first_epoch_is_reported() -> None:
    texts = JOBS["binary_classifier"]
    result = train(texts, channels("binary_classifier"), raise_if_stopped=Stop(3), checkpoints=Disk())
    found = tell(result, texts)
    assert found.stopped
    assert (found.training.epochs, found.training.best_epoch) == (0, None)
    assert "there is no curve yet" in render_report(found)
    assert "as far as its unfinished first epoch had come" in render_report(found)


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_rows_in_folds_are_judged_by_what_was_learned_without_them(predictor: str) -> None:
    texts = HYPERPARAMETERS[predictor] | {"folds": "3"}
    result = train(texts, {"train": channels(predictor)["train"]})
    found = tell(result, texts)
    folds, train_rows = found.channels[FOLDS].scores, found.channels["train"].scores
    assert folds.keys() == train_rows.keys()
    assert folds[found.objective] == pytest.approx(found.winning_entry.loss, rel=1e-5)
    assert folds[found.objective] > train_rows[found.objective]
    assert found.judgement.main == FOLDS
