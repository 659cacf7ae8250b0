"""What a job runs, whatever it learns, and what that is given.

Tests: tests/container/test_training.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from container.channels.channel import Channel
from container.job.checkpoint import CheckpointFile
from container.job.log import JobLog
from container.job.stop import StopRequest
from container.job.timeline import Timeline
from container.team.team import Team

ResultT = TypeVar("ResultT")
CompanionRoles = dict[str, Callable[[], None]]


@dataclass
class Task:
    """Everything a program gets to do its job.

    `raise_if_stopped()` raises KeyboardInterrupt once the job has been asked to stop; call it wherever the work can be
    abandoned. `timeline` records a lap at the end of each part of the work. `start_folder` holds the model to start
    from, `checkpoint_file` outlives the job; each is None where there is none. `team` is None on a single host. Of
    several hosts only rank 0 has the checkpoint file, logs metrics and saves the model.
    """

    log: JobLog
    stop: StopRequest
    timeline: Timeline
    hyperparameters: dict[str, str] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    start_folder: Path | None = None
    checkpoint_file: CheckpointFile | None = None
    team: Team | None = None

    def raise_if_stopped(self) -> None:
        """Raise KeyboardInterrupt if the job was asked to stop."""
        self.stop.raise_if_received()


class ChannelRole(NamedTuple):
    """A channel that a program reads: whether it is required, and whether its rows have labels."""

    name: str
    required: bool = False
    labelled: bool = True


def without_companions(team: Team) -> CompanionRoles:
    """Run nothing beside the training process."""
    return {}


@dataclass(frozen=True)
class Program(Generic[ResultT]):
    """What a job runs.

    `fit(task)` returns a result, `save(result, folder)` writes the files of its model, and `report(result, task)`
    returns the text of each report by file name. `title` names the program in the metrics of the log. Of `channels`
    the first is the one that it learns from. `start_channel` is the channel of a model to start from. One of
    `user_errors` is the user's fault, as a ClientError is. `roles(team)` maps the name of each companion process of a
    host, of several, to the function that it runs. `report_switch` is the environment variable that turns the report
    off.
    """

    title: str
    channels: tuple[ChannelRole, ...]
    fit: Callable[[Task], ResultT]
    save: Callable[[ResultT, Path], None]
    report: Callable[[ResultT, Task], Mapping[str, str]] | None = None
    report_switch: str = ""
    start_channel: str | None = None
    user_errors: tuple[type[Exception], ...] = ()
    roles: Callable[[Team], CompanionRoles] = without_companions
