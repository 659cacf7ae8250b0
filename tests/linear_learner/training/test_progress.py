"""How far training is, is told within epochs too, and costs a call between updates."""

import math
from itertools import groupby

import pytest

from linear_learner.options.budget import Budget
from tests.learning.job.recorder import Position, Recorder
from tests.learning.rows.problems import draw_problem
from tests.linear_learner.jobs import fit_model
from tests.linear_learner.training.examples import BY_LOSS, LARGE_JOB, SMALL


def told_of(rows: int, sparse: bool, hyperparameters: dict[str, str], budget: Budget | None = None) -> list[Position]:
    log = Recorder()
    fit_model(LARGE_JOB | hyperparameters, {"train": draw_problem(rows, sparse=sparse)}, log, budget)
    return log.select_events(Position)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("rows", [900, 20_500], ids=["slices", "rows"])
def test_an_epoch_goes_from_none_of_its_rows_to_all(monkeypatch: pytest.MonkeyPatch, rows: int, sparse: bool) -> None:
    for bank in ("operators.dense", "native.dense", "native.sparse"):
        monkeypatch.setattr(f"linear_learner.bank.{bank}.RUN_UPDATES", 2)
    *told, last = told_of(rows, sparse, BY_LOSS | {"mini_batch_size": "100"})
    assert [epoch for epoch, _ in groupby(told, lambda t: t.epoch)] == [0, 1, 2]
    for _, epoch in groupby(told, lambda t: t.epoch):
        done = [t.rows for t in epoch]
        assert len(done) > 5
        assert done == sorted(done)
        assert (done[0], done[-1]) == (0, rows)
    assert {(t.epochs, t.total) for t in told} == {(3, rows)}
    assert (last.epoch, last.epochs, last.rows) == (3, 3, 0)
    assert all(math.isnan(t.best) == (t.epoch == 0) for t in told)
    assert last.best == min(t.best for t in [*told, last] if t.epoch)
    assert {t.name for t in told} == {"binary_classification_cross_entropy_objective"}


def test_how_long_a_stream_is_is_told_once_it_has_ended() -> None:
    told = told_of(60_000, False, BY_LOSS, Budget(74 << 20))
    assert {t.epoch: t.total for t in told} == {0: math.inf, 1: 60_000, 2: 60_000, 3: 60_000}
    assert {t.epoch: t.rows for t in told[:-1]} == {0: 60_000, 1: 60_000, 2: 60_000}


def test_a_job_that_stops_early_ends_with_as_many_epochs_as_it_has_had() -> None:
    last = told_of(500, False, SMALL | BY_LOSS | {"epochs": "90", "learning_rate": "1e-9", "num_models": "1"})[-1]
    assert last.epoch == last.epochs < 90
