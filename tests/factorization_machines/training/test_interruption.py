"""A job that is stopped has a model, and one that is killed goes on from its last epoch."""

from functools import partial
from typing import Any

import numpy as np
import pytest

from open_algorithms.learning.job.hosts import Hosts
from tests.factorization_machines.jobs import CLASSIFIER, cut_blocks, densify, draw_classes, learn
from tests.learning.job.host_threads import run_hosts
from tests.learning.job.recorder import Recorder
from tests.learning.job.stops import Stop
from tests.learning.training.disks import Cut, Disk

X, y = draw_classes(2000)
TEST, _ = draw_classes(200, of=1)
TEXTS = {**CLASSIFIER, "num_models": "4", "epochs": "6", "mini_batch_size": "100"}


@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("epochs", [1, 3, 5])
def test_a_killed_job_ends_with_the_model_that_it_would_have_had(epochs: int, dense: bool) -> None:
    blocks = cut_blocks(densify(X) if dense else X, y)
    whole = learn(TEXTS, blocks)
    disk, log = Disk(last=epochs), Recorder()
    with pytest.raises(Cut):
        learn(TEXTS, blocks, checkpoints=disk)
    disk.last = None
    again = learn(TEXTS, blocks, log, checkpoints=disk)
    assert log.has_said(f"Going on from the checkpoint after epoch {epochs - 1}.")
    np.testing.assert_array_equal(again.model.factors, whole.model.factors)
    np.testing.assert_array_equal(again.model.linear, whole.model.linear)
    assert [course.validation_losses for course in again.courses] == [c.validation_losses for c in whole.courses]


def test_a_checkpoint_of_another_job_is_left_alone() -> None:
    disk, log = Disk(), Recorder()
    learn(TEXTS, cut_blocks(X, y), checkpoints=disk)
    learn({**TEXTS, "factors_lr": "0.01"}, cut_blocks(X, y), log, checkpoints=disk)
    assert log.has_said("factors_lr was 0.0001, is 0.01")


def test_hosts_go_on_from_the_checkpoint_of_the_first() -> None:
    disk = Disk(last=2)

    def be_host(hosts: Hosts, **more: Any) -> Any:
        return learn(TEXTS, cut_blocks(X, y), hosts=hosts, **more)

    whole = run_hosts(2, be_host)
    with pytest.raises(Exception):  # noqa: B017, PT011  one host is killed, the others lose it
        run_hosts(2, lambda hosts: be_host(hosts, **({} if hosts.rank else {"checkpoints": disk})))
    disk.last = None
    again = run_hosts(2, lambda hosts: be_host(hosts, **({} if hosts.rank else {"checkpoints": disk})))
    for one, other in zip(again, whole, strict=True):
        np.testing.assert_array_equal(one.model.factors, other.model.factors)


def test_a_stop_at_any_moment_gives_a_model_or_none() -> None:
    counter = Stop()
    learn(TEXTS, cut_blocks(X, y), raise_if_stopped=counter)
    assert counter.looks > 20
    stopped = 0
    for look in [*range(1, 12), *range(12, counter.looks, 5)]:
        log = Recorder()
        try:
            result = learn(TEXTS, cut_blocks(X, y), log, raise_if_stopped=Stop(look))
        except KeyboardInterrupt:
            assert look < 6
            continue
        stopped += 1
        assert result.was_stopped
        assert log.has_said("Told to stop")
        assert np.isfinite(result.model.margins(TEST)).all()
        assert set(result.measurements) == {"train", "validation"}
    assert stopped > 10


def test_a_job_that_is_stopped_in_its_first_epoch_has_a_candidate_that_has_moved() -> None:
    many, labels = draw_classes(20_000)
    texts = {**CLASSIFIER, "mini_batch_size": "20"}
    result = learn(texts, cut_blocks(many, labels), raise_if_stopped=Stop(3))
    assert [course.settings.number for course in result.courses if course.share] == [1]


def test_hosts_stop_together_at_any_moment_whichever_of_them_is_told() -> None:
    texts = {**TEXTS, "num_models": "2", "epochs": "2"}
    counters = [Stop(), Stop()]

    def be_host(hosts: Hosts, stops: list[Stop]) -> Any:
        return learn(texts, cut_blocks(X, y), hosts=hosts, raise_if_stopped=stops[hosts.rank])

    run_hosts(2, partial(be_host, stops=counters))
    for look in range(2, counters[0].looks + 1):
        first, second = run_hosts(2, partial(be_host, stops=[Stop(look), Stop()]))
        assert first.was_stopped
        assert second.was_stopped
        np.testing.assert_array_equal(first.model.factors, second.model.factors)
