"""Jobs of K-Means that are killed and stopped as processes, in whatever part of their work."""

import re
from pathlib import Path

import numpy as np
import pytest

from container.codecs.recordio import encode_records
from open_algorithms.k_means.artifact.read import load_model
from tests.contract.formats import RECORDIO
from tests.contract.jobs import TrainingJob
from tests.contract.launch import Process, run_algorithm

pytestmark = pytest.mark.processes

CLUSTERS, EPOCHS, ROWS = 20, 2, 20_000
FILES = ["additional-params.json", "model_algo-1"]


@pytest.fixture
def job(tmp_path: Path) -> TrainingJob:
    """A job on rows without clusters, whose exact passes are many, with a folder for checkpoints."""
    return lay_out(tmp_path / "job")


def lay_out(root: Path) -> TrainingJob:
    job = TrainingJob(root, run_algorithm(Process, "k_means"))
    job.configure({"k": str(CLUSTERS), "epochs": str(EPOCHS)}, RECORDIO, "train")
    rows = np.random.default_rng(0).random((ROWS, 16), np.float32)
    job.write_channel_file("train", "rows", encode_records(rows))
    (job.root / "checkpoints").mkdir()
    return job


@pytest.mark.kills
def test_a_job_that_is_killed_again_and_again_ends_with_the_bits_of_one_that_is_not(
    job: TrainingJob, tmp_path: Path
) -> None:
    whole = lay_out(tmp_path / "whole")
    status, log = whole.train()
    assert status == 0, log
    for _ in range(2 * EPOCHS + 3):
        with job.running_process() as running:
            job.wait_for_checkpoint()
            running.kill()
        assert not list((job.root / "model").glob("[!.]*"))
    status, log = job.train()
    assert status == 0, log
    resumed = [int(text) for text in re.findall(r"checkpoint after epoch (\d+)", job.log.read_text() + log)]
    assert resumed == sorted(resumed)
    assert resumed[0] < EPOCHS <= resumed[-2] < resumed[-1]  # of mini-batches, and of exact passes
    assert sorted(job.read_model()) == FILES
    assert job.read_model() == whole.read_model()
    assert not list((job.root / "checkpoints").iterdir())


@pytest.mark.parametrize("said", ["shrinking", "finished shrinking"])
def test_a_stopped_job_leaves_a_whole_model_and_goes_on_where_it_was(job: TrainingJob, said: str) -> None:
    with job.running_process() as running:
        job.wait_for(said)
        assert running.stop() == 0
    assert not (job.root / "output" / "failure").exists()
    log = job.log.read_text()
    assert "The job is stopped: the model is that of 2 passes, measured on a sample." in log
    assert "Made " not in log
    stopped = load_model(job.root / "model")
    assert stopped.outputs == CLUSTERS
    assert np.isfinite(stopped.centers).all()
    status, log = job.train()
    assert status == 0, log
    assert "Going on from the checkpoint after epoch 1" in log
    assert re.search(r"Made \d\d+ exact passes over all rows", log)
