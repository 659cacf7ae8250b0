"""A job beside processes that want its processors."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.neighbours import busy_neighbours
from container.codecs.recordio import encode_records
from tests.contract.formats import RECORDIO
from tests.contract.jobs import TrainingJob
from tests.contract.launch import Running
from tests.contract.models import assert_same_model

pytestmark = pytest.mark.processes


def test_a_job_beside_busy_processes_ends_with_the_model_of_one_alone(launch: type[Running], tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    X = generator.normal(size=(10000, 784)).astype(np.float32)
    y = (X @ generator.normal(size=784) > 0).astype(np.float32)
    jobs = []
    for busy in (0, 2):
        job = TrainingJob(tmp_path / str(busy), launch)
        job.configure(
            {"predictor_type": "binary_classifier", "mini_batch_size": "200"}, RECORDIO, "train", "validation"
        )
        job.write_channel_file("train", "part.pbr", encode_records(X[:9000], y[:9000]))
        job.write_channel_file("validation", "part.pbr", encode_records(X[9000:], y[9000:]))
        with busy_neighbours(busy):
            status, log = job.train()
        assert status == 0, log
        jobs.append(job)
    assert_same_model(jobs[0].root, jobs[1].root)
