"""Jobs that are stopped, killed and started again, at whatever moment."""

import random
import re
import time
from pathlib import Path

import numpy as np
import pytest

from linear_learner.artifact.read import load_model
from tests.contract.jobs import TrainingJob, lay_out_example_job
from tests.contract.launch import KILLED_AFTER_SECONDS, Process, Running
from tests.contract.models import ARTIFACT, assert_same_model

pytestmark = pytest.mark.processes

LONG = {"epochs": "400", "early_stopping_patience": "1000"}
ENDLESS = {"epochs": "1000000", "early_stopping_patience": "1000000"}


def moments(launch: type[Running]) -> int:
    return 20 if launch is Process else 6


@pytest.mark.kills
def test_a_job_that_is_killed_again_and_again_ends_with_the_model_of_one_that_is_not(
    launch: type[Running], tmp_path: Path
) -> None:
    whole, began = lay_out_example_job(tmp_path / "whole", launch, **LONG), time.monotonic()
    status, log = whole.train()
    assert status == 0, log
    lasts = time.monotonic() - began
    job = lay_out_example_job(tmp_path / "killed", launch, **LONG)
    checkpoints = job.root / "checkpoints"
    checkpoints.mkdir()
    generator = random.Random(20)
    for _ in range(moments(launch)):
        with job.running_process() as running:
            time.sleep(generator.uniform(0, lasts))
            running.kill()
        assert {path.name for path in (job.root / "model").glob("*")} <= {".saving", *ARTIFACT}
    status, log = job.train()
    assert status == 0, log
    assert len(set(re.findall(r"Going on from the checkpoint after epoch \d+", job.log.read_text() + log))) > 1
    assert_same_model(job.root, whole.root)
    assert not list(checkpoints.iterdir())
    assert sorted(path.name for path in (job.root / "model").iterdir()) == ARTIFACT


@pytest.mark.kills
def test_a_job_that_is_stopped_ends_in_time_with_a_model_once_it_has_trained(
    launch: type[Running], tmp_path: Path
) -> None:
    generator, ended = random.Random(21), []
    for i in range(moments(launch)):
        job = lay_out_example_job(tmp_path / str(i), launch, **ENDLESS)
        with job.running_process() as running:
            job.wait_for("Reading provided configuration")
            time.sleep(generator.uniform(0, 3))
            began = time.monotonic()
            status = running.stop()
            assert time.monotonic() - began < KILLED_AFTER_SECONDS
        log = job.log.read_text()
        assert not (job.root / "output" / "failure").exists()
        if status == 0:
            assert "Told to stop: the model is " in log
            assert np.isfinite(load_model(job.root / "model").weight).all()
        else:
            assert status == 143
            assert log.count("Stopped before there was a model; none is saved.") == 1
            assert "#quality_metric" not in log
            assert not list((job.root / "model").glob("*"))
        ended.append(status)
    assert 0 in ended


def test_a_stopped_job_goes_on_where_it_was(launch: type[Running], tmp_path: Path) -> None:
    job = lay_out_example_job(tmp_path, launch, **ENDLESS)
    (job.root / "checkpoints").mkdir()
    with job.running_process() as running:
        job.wait_for("#progress_metric")
        assert running.stop() == 0
    assert (job.root / "checkpoints" / "checkpoint").is_file()
    with job.running_process() as running:
        job.wait_for("Going on from the checkpoint after epoch")
        assert running.stop() == 0


@pytest.mark.parametrize("packed", [True, False])
def test_a_job_starts_from_the_model_of_another(trained: TrainingJob, tmp_path: Path, packed: bool) -> None:
    """With no step worth the name the model stays what it was, whichever form it came in."""
    still = {"epochs": "1", "num_models": "1", "learning_rate": "1e-9", "wd": "0", "use_lr_scheduler": "false"}
    job = lay_out_example_job(tmp_path, trained.launch, **still)
    if packed:
        job.write_channel_file("model", "model.tar.gz", (trained.root / "output" / "model.tar.gz").read_bytes())
    else:
        job.write_channel_file("model", "model_algo-1", (trained.root / "model" / "model_algo-1").read_bytes())
    channels = {name: {"ContentType": "text/csv"} for name in ("train", "validation", "test")}
    job.write_config("inputdataconfig", {**channels, "model": {"ContentType": "application/x-sagemaker-model"}})
    status, log = job.train()
    assert status == 0, log
    ours, theirs = load_model(tmp_path / "model"), load_model(trained.root / "model")
    np.testing.assert_allclose(ours.weight, theirs.weight, rtol=1e-3, atol=1e-4)


def test_a_model_to_start_from_that_is_none_is_the_users_mistake(trained: TrainingJob, tmp_path: Path) -> None:
    job = lay_out_example_job(tmp_path, trained.launch)
    job.write_channel_file("model", "model.tar.gz", b"no tar")
    channels = {name: {"ContentType": "text/csv"} for name in ("train", "model")}
    job.write_config("inputdataconfig", channels)
    status, log = job.train()
    assert status == 1
    assert "Traceback" not in log
    assert job.failure.startswith("ClientError: channel 'model': ")
