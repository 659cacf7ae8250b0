"""The outcome of a job as it is read back from report.json, and its lines for a terminal."""

import json
import math
from dataclasses import replace

import pytest

from linear_learner.report.summary import describe_report, outcome_lines, read_outcome
from open_algorithms.learning.showing.report_json import encode_report
from tests.linear_learner.report.jobs import JOBS, job


@pytest.mark.parametrize("name", JOBS)
def test_it_is_that_of_the_report(name: str) -> None:
    _, report, _ = job(name)
    found = read_outcome(json.loads(encode_report(report)))
    assert found.predictor_type == report.predictor_type
    assert found.scores == {channel: quality.scores for channel, quality in report.channels.items()}
    assert (found.threshold, found.winner, found.candidates) == (report.threshold, report.winner, len(report.bank))
    assert found.settings == report.winning_entry.settings
    training = report.training
    assert (found.best_epoch, found.criterion, found.deciding) == (
        training.best_epoch,
        training.criterion,
        training.deciding,
    )


def test_its_lines_name_scores_threshold_and_winner() -> None:
    found = replace(
        read_outcome(json.loads(encode_report(job("binary_classifier")[1]))),
        scores={"train": {"other": 1.0, "binary_classification_accuracy": 0.95, "binary_f_1.000": math.pi}},
        threshold=0.25,
        winner=3,
        settings={"optimizer": "adam", "learning_rate": 0.123456, "slices": 24},
        best_epoch=4,
        value=0.97,
    )
    assert list(outcome_lines(found)) == [
        "scores: train accuracy 0.95, F1 3.142",
        "threshold: 0.25; a score from there on is called 1",
        "winner: candidate 3 of 12 (optimizer adam, learning_rate 0.1235), best in epoch 4, by accuracy 0.97 on "
        "the validation rows",
    ]


@pytest.mark.parametrize(("value", "told"), [(0.625, " 0.625"), (-0.25, ""), (None, "")])
def test_a_target_that_is_missed_has_no_value(value: float | None, told: str) -> None:
    found = read_outcome(json.loads(encode_report(job("binary_classifier")[1])))
    *_, line = outcome_lines(replace(found, folds=5, value=value))
    assert line.endswith(f"by accuracy{told} on 5 folds of the rows")


def test_a_score_that_is_not_finite_is_left_out() -> None:
    report = json.loads(encode_report(job("regressor")[1]))
    report["channels"] = {"test": {"scores": {"mae": None, "r2": 0.5}}}
    lines = list(describe_report(report))
    assert lines[0] == "scores: test R2 0.5"
    assert lines[1].startswith("winner")


def test_a_regressor_is_told_by_r2_and_its_mean_absolute_error_and_rows_in_folds_by_that() -> None:
    report = json.loads(encode_report(job("regressor")[1]))
    scores = {"mse": 1646928742.77, "mae": 18920.54, "r2": 0.71003}
    report["channels"] = {"train": {"scores": scores}, "folds": {"scores": scores}}
    told = "R2 0.71, mean absolute error 18,921"
    assert next(describe_report(report)) == f"scores: train {told}; in folds {told}"
