"""What each host of a job is given, and what it comes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from linear_learner.objective.model import LinearModel
from linear_learner.options.budget import Budget
from linear_learner.report.build import build_report
from linear_learner.report.schema import Report
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.work import Work
from tests.learning.job.recorder import Quality, Recorder
from tests.learning.job.stops import Stop
from tests.learning.training.disks import Disk
from tests.linear_learner.jobs import fit_result

HostChannels = Mapping[str, Sequence[tuple[Any, NDArray[Any]]]]


@dataclass
class Given:
    """What a host of a job has."""

    hyperparameters: dict[str, str]
    channels: HostChannels
    sharded: tuple[str, ...] = ()
    free: int | None = None
    stop: int | None = None
    disk: Disk | None = None
    earlier: LinearModel | None = None


@dataclass
class Done:
    """What a host has come to."""

    model: LinearModel
    log: Recorder
    disk: Disk | None
    report: Report
    losses: list[float] = field(init=False)
    best: list[str] = field(init=False)

    def __post_init__(self) -> None:
        """Look at what was told."""
        self.losses = [quality.value for quality in self.log.select_events(Quality) if quality.epoch is not None]
        self.best = [line for line in self.log.said if line.startswith("Best model found")]


def train_host(hosts: Hosts, given: Given) -> Done:
    """Be one host of the job."""
    log = Recorder()
    result = fit_result(
        given.hyperparameters,
        given.channels,
        log,
        None if given.free is None else Budget(given.free),
        raise_if_stopped=Stop(given.stop),
        checkpoints=given.disk,
        earlier_model=given.earlier,
        hosts=hosts,
        sharded_channels=given.sharded,
    )
    return Done(result.model, log, given.disk, build_report(result, Work({}, {}, log)))
