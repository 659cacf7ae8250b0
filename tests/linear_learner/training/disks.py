"""Jobs that are killed once there are some checkpoints."""

from typing import Any

import pytest

from linear_learner.options.budget import Budget
from tests.learning.job.recorder import Recorder
from tests.learning.training.disks import Cut, Disk
from tests.linear_learner.jobs import fit_model
from tests.linear_learner.training.examples import Channels


def cut_off(
    after: int, hyperparameters: dict[str, str], channels: Channels, budget: Budget | None = None, **more: Any
) -> Disk:
    """Run a job that is killed after so many checkpoints; return them."""
    disk = Disk(after)
    with pytest.raises(Cut):
        fit_model(hyperparameters, channels, Recorder(), budget, checkpoints=disk, **more)
    disk.last = None
    return disk
