"""A job whose hosts are killed goes on from its checkpoint; one that is stopped, on any host, ends with a model."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linear_learner.artifact.read import load_model
from tests.contract.example import DATA
from tests.contract.formats import CSV
from tests.contract.launch import KILLED_AFTER_SECONDS, Container, Process, Running
from tests.contract.models import ARTIFACT, assert_same_model
from tests.contract.several_hosts.hosts import (
    ENDLESS,
    ChannelContent,
    DistributedJob,
    host_launchers,
    lay_out_bundled_job,
    lay_out_job,
    model_files,
)

pytestmark = pytest.mark.processes

LONG = {"epochs": "30", "early_stopping_patience": "1000", "num_models": "4"}


def halves(root: Path, names: Any, **hyperparameters: str) -> DistributedJob:
    """The bundled data on two hosts, a half of the train channel on each."""
    rows = (DATA / "train.csv").read_bytes().splitlines(keepends=True)
    validation = (DATA / "validation.csv").read_bytes()
    channels = {
        "train": ChannelContent(CSV, [b"".join(rows[:160]), b"".join(rows[160:])], sharded=True),
        "validation": ChannelContent(CSV, [validation] * 2),
    }
    given = {"predictor_type": "binary_classifier", "mini_batch_size": "10", **hyperparameters}
    job = lay_out_job(root, names, given, channels)
    for host in job.jobs:
        (host.root / "checkpoints").mkdir()
    return job


def checkpoints(job: DistributedJob) -> list[list[str]]:
    """Name what lies in each host's folder for checkpoints."""
    return [sorted(path.name for path in (host.root / "checkpoints").iterdir()) for host in job.jobs]


def test_a_job_whose_hosts_are_killed_goes_on_from_its_checkpoint_to_the_model_of_one_that_was_not(
    launch: type[Running], tmp_path: Path
) -> None:
    with host_launchers(launch, 2) as names:
        whole = halves(tmp_path / "whole", names, **LONG)
        whole.train()
        job = halves(tmp_path / "killed", names, **LONG)
        with job.running_hosts() as hosts:
            job.jobs[0].wait_for("epoch=5, train")
            for host in hosts:
                host.kill()
        first, second = checkpoints(job)
        assert "checkpoint" in first
        assert not second
        assert "Going on from the checkpoint after epoch" in job.train()
    assert_same_model(job.jobs[0].root, whole.jobs[0].root)
    assert checkpoints(job) == [[], []]


@pytest.mark.parametrize("told", [(2, 1, 0), (0,), (2,)], ids=str)
def test_hosts_that_are_stopped_at_different_moments_or_not_at_all_end_together_with_a_model(
    tmp_path: Path, told: Sequence[int]
) -> None:
    assert_stopped(tmp_path, Process, told)


@pytest.mark.image
def test_containers_of_which_one_is_stopped_end_together_with_a_model(tmp_path: Path) -> None:
    assert_stopped(tmp_path, Container, (2,))


def assert_stopped(root: Path, launch: type[Running], told: Sequence[int]) -> None:
    with host_launchers(launch, 3) as names:
        job = lay_out_bundled_job(root, names, **ENDLESS)
        for host in job.jobs:
            (host.root / "checkpoints").mkdir()
        with job.running_hosts() as hosts:
            job.jobs[0].wait_for("#progress_metric")
            began = time.monotonic()
            for rank in told:
                hosts[rank].ask_to_stop()
                time.sleep(0.3)
            ends = job.wait_for_results(hosts)
            assert time.monotonic() - began < KILLED_AFTER_SECONDS
    assert [end.status for end in ends] == [0, 0, 0], job.log_tails()
    assert "Told to stop: the model is " in ends[0].log
    assert [model_files(host) for host in job.jobs] == [ARTIFACT, [], []]
    assert np.isfinite(load_model(job.jobs[0].root / "model").weight).all()
    assert checkpoints(job) == [["checkpoint"], [], []]
    assert not any((host.root / "output" / "failure").exists() for host in job.jobs)


def test_a_host_that_waits_for_the_others_can_be_stopped(tmp_path: Path) -> None:
    with host_launchers(Process, 2) as names:
        for alone in (0, 1):
            job = lay_out_bundled_job(tmp_path / str(alone), names)
            job.jobs = job.jobs[alone : alone + 1]
            with job.running_hosts() as hosts:
                job.jobs[0].wait_for("Waiting for host")
                hosts[0].ask_to_stop()
                assert job.wait_for_results(hosts)[0].status == 143


def test_a_fault_in_the_data_of_one_host_is_the_reason_that_all_give(launch: type[Running], tmp_path: Path) -> None:
    with host_launchers(launch, 2) as names:
        job = halves(tmp_path, names)
        (job.jobs[1].root / "input/data/train/part").write_bytes(b"0,1,2\n1,red,4\n")
        with job.running_hosts() as hosts:
            ends = job.wait_for_results(hosts)
    assert [end.status for end in ends] == [1, 1]
    reason = f"ClientError: host {list(names)[1]!r}: channel 'train', file 'part', row 2, column 2: "
    assert all(host.failure.startswith(reason) for host in job.jobs)
    for end in ends:
        assert "Traceback" not in end.log
        assert end.log.count("Error: ") == 1
