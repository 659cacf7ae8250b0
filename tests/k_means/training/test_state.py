"""A job that is cut off goes on where it was, and one that is stopped leaves the model of what there is."""

import math
from typing import Any

import numpy as np
import pytest

from open_algorithms.learning.job.hosts import Hosts
from tests.k_means.jobs import as_blocks, cluster, draw_rows
from tests.learning.job.host_threads import run_hosts
from tests.learning.job.recorder import Quality, Recorder
from tests.learning.job.stops import Stop
from tests.learning.training.disks import Cut, Disk

X = draw_rows(4000, spread=1.5)
TEXTS = {"k": "7", "k_range": "3,5", "epochs": "2", "mini_batch_size": "500"}


def cut_off(after: int, blocks: Any, **more: Any) -> Disk:
    disk = Disk(after)
    with pytest.raises(Cut):
        cluster(TEXTS, blocks, checkpoints=disk, **more)
    disk.last = None
    return disk


@pytest.mark.parametrize("sparse", [False, True])
def test_a_job_that_is_cut_off_after_any_pass_ends_with_the_same_bits(sparse: bool) -> None:
    blocks, disk = as_blocks(X, sparse=sparse), Disk()
    expected = cluster(TEXTS, blocks, checkpoints=disk)
    assert len(disk.checkpoints) > 3
    for after in (1, 2, 3, len(disk.checkpoints)):
        log = Recorder()
        result = cluster(TEXTS, blocks, log, checkpoints=cut_off(after, blocks))
        np.testing.assert_array_equal(result.model.centers, expected.model.centers)
        assert result.model.facts == expected.model.facts
        assert result.attempts == expected.attempts
        assert log.has_said(f"Going on from the checkpoint after epoch {after - 1}")


@pytest.mark.parametrize(
    ("change", "said"),
    [({"seed": "1"}, "seed was 0, is 1"), ({"local_lloyd_tol": "0.1"}, "local_lloyd_tol was 0.0001, is 0.1")],
)
def test_a_checkpoint_of_another_job_is_not_gone_on_from(change: dict[str, str], said: str) -> None:
    log, blocks = Recorder(), as_blocks(X)
    cluster(TEXTS | change, blocks, log, checkpoints=cut_off(2, blocks))
    assert log.has_said(f"is of another job and not gone on from: {said}")


def test_hosts_go_on_from_the_checkpoint_of_the_first() -> None:
    blocks, disks = as_blocks(X), [Disk(), Disk()]
    full = [Disk(), Disk()]

    def be_host(hosts: Hosts, store: list[Disk]) -> Any:
        return cluster(TEXTS, blocks, hosts=hosts, checkpoints=store[hosts.rank] if hosts.rank == 0 else None)

    expected, _ = run_hosts(2, lambda hosts: be_host(hosts, full))
    disks[0].checkpoints = full[0].checkpoints[:3]
    for result in run_hosts(2, lambda hosts: be_host(hosts, disks)):
        np.testing.assert_array_equal(result.model.centers, expected.model.centers)


@pytest.mark.parametrize("at", [1, 3, 12, 20])
def test_a_job_that_is_stopped_leaves_whole_clusters(at: int) -> None:
    log = Recorder()
    result = cluster(TEXTS, as_blocks(X), log, raise_if_stopped=Stop(at))
    assert result.was_stopped
    assert result.model.outputs == 7
    assert np.isfinite(result.model.centers).all()
    assert log.has_said("The job is stopped: the model is that of")
    assert all(math.isfinite(quality.value) for quality in log.select_events(Quality))


class StopOnce:
    """Raises KeyboardInterrupt at every look after a log has said something."""

    def __init__(self, log: Recorder, said: str) -> None:
        self.log, self.said = log, said

    def __call__(self) -> None:
        if self.log.has_said(self.said):
            raise KeyboardInterrupt


@pytest.mark.parametrize("said", ["shrinking", "finished shrinking"])
def test_a_stop_is_heeded_while_centers_are_clustered_and_while_the_best_attempts_are_improved(said: str) -> None:
    log = Recorder()
    result = cluster(TEXTS, as_blocks(X), log, raise_if_stopped=StopOnce(log, said))
    assert (result.was_stopped, result.attempts, result.exact_passes) == (True, [], 0)
    assert log.has_said("finished shrinking") == (said == "finished shrinking")
    assert len(np.unique(result.model.centers, axis=0)) == 7


def test_very_many_centers_are_clustered_in_haste_where_a_job_is_stopped() -> None:
    rows, log = draw_rows(4000, features=20), Recorder()
    texts = {"k": "400", "mini_batch_size": "2000"}
    result = cluster(texts, rows, log, raise_if_stopped=StopOnce(log, "shrinking"))
    assert result.was_stopped
    assert len(np.unique(result.model.centers, axis=0)) == 400


def test_hosts_that_are_stopped_while_they_cluster_centers_end_together() -> None:
    def be_host(hosts: Hosts) -> Any:
        log = Recorder()
        stop = StopOnce(log, "shrinking" if hosts.rank else "never")
        return cluster(TEXTS, as_blocks(X), log, hosts=hosts, raise_if_stopped=stop)

    first, second = run_hosts(2, be_host)
    assert (first.attempts, second.attempts) == ([], [])
    np.testing.assert_array_equal(first.model.centers, second.model.centers)


def test_hosts_stop_together() -> None:
    def be_host(hosts: Hosts) -> Any:
        return cluster(TEXTS, as_blocks(X), hosts=hosts, raise_if_stopped=Stop(9 if hosts.rank else None))

    first, second = run_hosts(2, be_host)
    assert first.was_stopped
    assert second.was_stopped
    np.testing.assert_array_equal(first.model.centers, second.model.centers)
