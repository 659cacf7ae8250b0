"""Jobs of Factorization Machines that are killed and stopped as processes, in whatever part of their work."""

import re
from pathlib import Path

import numpy as np
import pytest

from container.codecs.recordio import encode_sparse_records
from open_algorithms.factorization_machines.artifact.read import load_model
from open_algorithms.learning.rows.csr import Csr
from tests.contract.formats import RECORDIO
from tests.contract.jobs import TrainingJob
from tests.contract.launch import Process, run_algorithm

pytestmark = pytest.mark.processes

EPOCHS, ENDLESS, KILLS = 150, 1_000_000, 4
ROWS, FEATURES = 100_000, 2000
SETTINGS = {
    "predictor_type": "regressor",
    "num_models": "3",
    "early_stopping_patience": str(ENDLESS),
    "mini_batch_size": "50",
}
FILES = ["additional-params.json", "model_algo-1"]


def lay_out(root: Path, epochs: int) -> TrainingJob:
    """Lay out a job on rows with the flags of two features, with a folder for checkpoints."""
    job = TrainingJob(root, run_algorithm(Process, "factorization_machines"))
    job.configure({**SETTINGS, "epochs": str(epochs)}, RECORDIO, "train")
    generator = np.random.default_rng(0)
    pairs = np.column_stack(
        [generator.integers(0, FEATURES // 2, ROWS), generator.integers(FEATURES // 2, FEATURES, ROWS)]
    )
    ends = np.arange(0, 2 * ROWS + 1, 2)
    rows = Csr(np.ones(2 * ROWS, np.float32), pairs.astype(np.int32).ravel(), ends, (ROWS, FEATURES))
    labels = pairs.sum(axis=1) % 3 + generator.normal(size=ROWS)
    job.write_channel_file("train", "rows", encode_sparse_records(rows, labels.astype(np.float32)))
    (job.root / "checkpoints").mkdir()
    return job


@pytest.mark.kills
def test_a_job_that_is_killed_again_and_again_ends_with_the_bits_of_one_that_is_not(tmp_path: Path) -> None:
    job, whole = lay_out(tmp_path / "job", EPOCHS), lay_out(tmp_path / "whole", EPOCHS)
    status, log = whole.train()
    assert status == 0, log
    for _ in range(KILLS):
        with job.running_process() as running:
            job.wait_for_checkpoint()
            running.kill()
        assert not list((job.root / "model").glob("[!.]*"))
    status, log = job.train()
    assert status == 0, log
    resumed = [int(text) for text in re.findall(r"checkpoint after epoch (\d+)", job.log.read_text() + log)]
    assert resumed == sorted(resumed)
    assert len({*resumed}) > 1
    assert sorted(job.read_model()) == FILES
    assert job.read_model() == whole.read_model()
    assert not list((job.root / "checkpoints").iterdir())


def test_a_stopped_job_leaves_a_whole_model_and_goes_on_where_it_was(tmp_path: Path) -> None:
    job, epochs = lay_out(tmp_path / "job", ENDLESS), 0
    for turn in range(2):
        with job.running_process() as running:
            job.wait_for_checkpoint()
            assert running.stop() == 0
        assert not (job.root / "output" / "failure").exists()
        log = job.log.read_text()
        before, epochs = epochs, int(re.findall(r"Told to stop: the model is the best of (\d+) epochs\.", log)[-1])
        assert epochs > before
        assert ("checkpoint after epoch" in log) == (turn > 0)
        stopped = load_model(job.root / "model")
        assert stopped.feature_dim == FEATURES
        assert np.isfinite(stopped.factors).all()
