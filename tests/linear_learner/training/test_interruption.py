"""A job that is told to stop ends with the best model that there is by then."""

import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
import pytest

from linear_learner.options.budget import Budget
from open_algorithms.learning.rows.dense import Block
from tests.learning.job.recorder import Recorder
from tests.learning.job.stops import Stop
from tests.learning.rows.problems import draw_problem
from tests.learning.training.disks import Disk
from tests.linear_learner.jobs import fit_model
from tests.linear_learner.models import assert_same_bits
from tests.linear_learner.training.examples import HYPERPARAMETERS, split_example


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_wherever_a_job_is_told_to_stop_in_training_it_ends_with_a_model(predictor: str) -> None:
    job = HYPERPARAMETERS[predictor] | {"num_models": "3", "epochs": "4"}
    counter = Stop()
    fit_model(job, split_example(predictor), Recorder(), raise_if_stopped=counter)
    assert counter.looks > 10
    for at in range(1, counter.looks + 1):
        log = Recorder()
        model = fit_model(job, split_example(predictor), log, raise_if_stopped=Stop(at))
        assert np.isfinite(model.weight).all()
        assert any(re.match("Told to stop: the model is (the best of|what the first epoch)", line) for line in log.said)


class Counting(Recorder):
    """Count the epochs, and be told to stop after some of them."""

    epochs = 0

    def log_progress(self, percent: float, stopped_early: bool = False) -> None:
        self.epochs += 1

    def stop_after(self, epochs: int) -> None:
        if self.epochs == epochs:
            raise KeyboardInterrupt


@pytest.mark.parametrize("epochs", [1, 3])
@pytest.mark.parametrize("channels", [["train", "validation"], ["train"]])
def test_the_model_of_a_stopped_job_is_that_of_a_job_of_as_many_epochs(epochs: int, channels: list[str]) -> None:
    job = HYPERPARAMETERS["binary_classifier"] | {"num_models": "32"}
    data = {name: blocks for name, blocks in split_example("binary_classifier").items() if name in channels}
    log = Counting()
    model = fit_model(job, data, log, raise_if_stopped=partial(log.stop_after, epochs))
    assert f"Told to stop: the model is the best of {epochs} epochs." in log.said
    assert_same_bits(model, fit_model(job | {"epochs": str(epochs)}, data, Recorder()))


class SlowDisk(Disk):
    """Takes its time for every write but the first ones."""

    def replace_latest(self, dump: Callable[[BinaryIO], None]) -> None:
        file = BytesIO()
        dump(Slow() if self.checkpoints else file)
        self.checkpoints.append(file.getvalue())


class Slow(BytesIO):
    def write(self, content: Any) -> int:
        time.sleep(0.1)
        return super().write(content)


def test_a_job_that_is_told_to_stop_does_not_wait_for_a_slow_checkpoint() -> None:
    log, disk = Counting(), SlowDisk()
    job, data = HYPERPARAMETERS["binary_classifier"] | {"num_models": "32"}, split_example("binary_classifier")
    model = fit_model(job, data, log, raise_if_stopped=partial(log.stop_after, 2), checkpoints=disk)
    assert len(disk.checkpoints) == 1
    assert "Told to stop: the model is the best of 2 epochs." in log.said
    assert_same_bits(model, fit_model(job | {"epochs": "2"}, data, Recorder()))


class Source:
    """Blocks whose reader is told to stop in the middle of a later pass."""

    def __init__(self, blocks: list[Block], passes: int) -> None:
        self.blocks = blocks
        self.passes = passes

    def __iter__(self) -> Iterator[Block]:
        self.passes -= 1
        for i, block in enumerate(self.blocks):
            if self.passes < 0 and i == len(self.blocks) // 2:
                raise KeyboardInterrupt
            yield block


def test_a_job_that_is_told_to_stop_while_it_reads_has_no_model() -> None:
    channels = {"train": Source(draw_problem(20_000, sparse=False), 0)}
    with pytest.raises(KeyboardInterrupt):
        fit_model(HYPERPARAMETERS["binary_classifier"], channels, Recorder())


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("validated", [False, True])
def test_a_stream_that_is_told_to_stop_is_judged_by_what_is_at_hand(sparse: bool, validated: bool) -> None:
    job = HYPERPARAMETERS["binary_classifier"] | {"mini_batch_size": "1000"}
    blocks = draw_problem(80_000, sparse=sparse)
    source = Source(blocks[:8], 2)
    channels = {"train": source} | ({"validation": blocks[8:]} if validated else {})
    log = Recorder()
    model = fit_model(job, channels, log, Budget(76 << 20))
    assert source.passes == -1
    assert any("is larger than the" in line for line in log.said)
    assert "Told to stop: the model is the best of 2 epochs." in log.said
    assert any(re.match(r"These scores of the channel 'train' are those of its first \d+ rows", s) for s in log.said)
    X, y = blocks[-1]
    assert (model.predict(X)["predicted_label"] == y).mean() > 0.8
