"""Checkpoints in memory, and jobs that are killed once there are some."""

from collections.abc import Callable
from io import BytesIO
from typing import Any, BinaryIO

import pytest

from linear_learner.options.budget import Budget
from tests.learning.job.recorder import Recorder
from tests.linear_learner.jobs import fit_model
from tests.linear_learner.training.examples import Channels


class Cut(Exception):
    """The process is killed."""


class Disk:
    """Keeps checkpoints, the last of them first; the process is killed once there are `last` of them."""

    def __init__(self, last: int | None = None) -> None:
        self.checkpoints: list[bytes] = []
        self.last = last

    def open_latest(self) -> BinaryIO | None:
        return BytesIO(self.checkpoints[-1]) if self.checkpoints else None

    def replace_latest(self, dump: Callable[[BinaryIO], None]) -> None:
        file = BytesIO()
        dump(file)
        self.checkpoints.append(file.getvalue())
        if len(self.checkpoints) == self.last:
            raise Cut


def cut_off(
    after: int, hyperparameters: dict[str, str], channels: Channels, budget: Budget | None = None, **more: Any
) -> Disk:
    """Run a job that is killed after so many checkpoints; return them."""
    disk = Disk(after)
    with pytest.raises(Cut):
        fit_model(hyperparameters, channels, Recorder(), budget, checkpoints=disk, **more)
    disk.last = None
    return disk
