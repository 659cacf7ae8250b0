"""Candidates that can no longer win leave, and the winner is the one that would have won anyway."""

import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from linear_learner.measuring.pruning import STEP_CREDIT, WINDOW, hopeless_candidates, is_worth_pruning
from tests.learning.job.recorder import Metrics, Progress, Recorder, Remark
from tests.linear_learner.jobs import fit_model
from tests.linear_learner.models import assert_same_bits
from tests.linear_learner.training.disks import cut_off
from tests.linear_learner.training.examples import Channels
from tests.linear_learner.training.pruned_jobs import JOBS

EPOCHS = WINDOW + 1
STEADY = np.linspace(1, 0.97, EPOCHS)  # a candidate that falls by .01 an epoch


def losses(*candidates: Any) -> NDArray[Any]:
    return np.stack([np.broadcast_to(values, EPOCHS) for values in candidates], axis=1)


def test_a_candidate_that_stands_still_far_from_the_best_is_hopeless() -> None:
    assert hopeless_candidates(losses(STEADY, 9.0), 10).tolist() == [False, True]


def test_a_candidate_is_not_hopeless_while_it_may_still_fall_as_far_as_the_best() -> None:
    falling = 3 + 20 * STEADY  # by .2 an epoch, and 22.4 - .97 behind
    apart = falling.min() - STEADY.min()
    enough = int(apart / (STEP_CREDIT * 0.2)) + 1
    assert not hopeless_candidates(losses(STEADY, falling), enough)[1]
    assert hopeless_candidates(losses(STEADY, falling), enough - 20)[1]


def test_a_candidate_within_chance_of_the_best_is_not_hopeless() -> None:
    assert hopeless_candidates(losses(STEADY, STEADY + 0.001, STEADY + 9), 0).tolist() == [False, False, True]


def test_nobody_is_hopeless_before_some_epochs_have_passed() -> None:
    assert not hopeless_candidates(losses(STEADY, 9.0)[1:], 1).any()


def test_a_candidate_that_stays_infinite_is_hopeless_and_one_that_has_come_back_is_not() -> None:
    back = np.array([np.inf] * (EPOCHS - 1) + [5.0])
    assert hopeless_candidates(losses(STEADY, np.inf, np.nan, back), 3).tolist() == [False, True, True, False]


def test_where_every_loss_is_infinite_nobody_is_hopeless() -> None:
    assert not hopeless_candidates(losses(np.inf, np.nan), 3).any()


def test_a_few_candidates_or_little_work_are_not_worth_a_new_bank() -> None:
    assert is_worth_pruning(8, 32, margins=100_000, epochs_left=10)
    assert not is_worth_pruning(7, 32, margins=100_000, epochs_left=10)
    assert not is_worth_pruning(8, 32, margins=1000, epochs_left=10)
    assert not is_worth_pruning(8, 32, margins=100_000, epochs_left=0)


LEAVE = re.compile(r"(\d+) of (\d+) candidates leave: .* in (\d+) epochs: ([\d, ]+)\.")


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let candidates leave small jobs too, which are over before it pays."""
    monkeypatch.setattr("linear_learner.measuring.pruning.LEAST_SAVED_MARGINS", 0)


def told(hyperparameters: dict[str, str], channels: Channels) -> tuple[Any, list[str]]:
    log = Recorder()
    return fit_model(hyperparameters, channels, log), log.said


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("name", JOBS)
def test_the_same_candidate_wins_with_the_same_weights(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, said = told(*JOBS[name])
    monkeypatch.setattr("linear_learner.measuring.pruning.LEAST_SAVED_MARGINS", np.inf)
    whole, said_of_all = told(*JOBS[name])
    assert any(map(LEAVE.match, said))
    assert not any(map(LEAVE.match, said_of_all))
    best = [line for line in said if line.startswith("Best model")]
    assert best == [line for line in said_of_all if line.startswith("Best model")] != []
    scale = max(1.0, float(np.abs(whole.weight).max()))
    np.testing.assert_allclose(model.weight, whole.weight, atol=1e-5 * scale)
    np.testing.assert_allclose(model.bias, whole.bias, atol=1e-5 * max(1.0, float(np.abs(whole.bias).max())))


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("name", JOBS)
def test_a_job_that_candidates_left_and_that_is_cut_off_ends_with_the_same_bits(name: str) -> None:
    hyperparameters, channels = JOBS[name]
    expected, said = told(hyperparameters, channels)
    leaves = [line for line in said if LEAVE.match(line)]
    when = int(hyperparameters["epochs"]) - int(LEAVE.match(leaves[0])[3])  # type: ignore[index]
    for after, later in ((when - 1, leaves), (when, leaves[1:])):
        log = Recorder()
        assert_same_bits(
            fit_model(hyperparameters, channels, log, checkpoints=cut_off(after, hyperparameters, channels)), expected
        )
        assert f"Going on from the checkpoint after epoch {after - 1}." in log.said
        assert [line for line in log.said if LEAVE.match(line)] == later


@pytest.mark.usefixtures("eager")
def test_one_line_says_who_leaves_and_who_has_left_gives_no_figures() -> None:
    hyperparameters, channels = JOBS["classes"]
    log = Recorder()
    fit_model(hyperparameters, channels, log)
    remaining = set(range(32))
    epoch = 0
    found: set[int] = set()
    for event in log.events:
        match event:
            case Progress():
                assert found == remaining
                epoch, found = epoch + 1, set()
            case Remark(text) if left := LEAVE.match(text):
                leaving = set(map(int, left[4].split(", ")))
                assert (int(left[1]), int(left[2])) == (len(leaving), len(remaining))
                assert leaving < remaining
                remaining -= leaving
            case Metrics(model=int(model)) if any(name.startswith("validation_") for name in event.values):
                found.add(model)
    assert epoch > EPOCHS
    assert len(remaining) < 32


@pytest.mark.usefixtures("eager")
def test_nobody_leaves_without_validation_or_where_a_score_decides() -> None:
    hyperparameters, channels = JOBS["breast cancer"]
    scored = hyperparameters | {"binary_classifier_model_selection_criteria": "accuracy"}
    for job, data in ((scored, channels), (hyperparameters, {"train": channels["train"]})):
        assert not any(map(LEAVE.match, told(job, data)[1]))


def test_nobody_leaves_a_job_that_is_over_before_it_pays() -> None:
    assert not any(map(LEAVE.match, told(*JOBS["classes"])[1]))
