"""Channels of a job that are opened in this process, and what the job says of them."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from container.channels.channel import Channel
from container.contract.environment import ChannelConfig
from container.job.log import JobLog
from container.job.program import Task
from container.job.stop import StopRequest
from container.job.timeline import Timeline
from container.rows.blocks import Block
from container.rows.notices import Notices

CSV, PARQUET = "text/csv;header=present", "application/x-parquet"
OpenTask = Callable[..., Task]


class Said(JobLog):
    """A log that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, text: str) -> None:
        self.lines.append(text)

    def warning(self, text: str) -> None:
        self.lines.append(text)


def open_channels(root: Path, kind: str, mode: str, folder: str, labelled: bool, **files: bytes) -> Task:
    """Open channels, each of one file, as a job does; with a `folder` those of a host, which may have no rows."""
    log = Said()
    task = Task(log, StopRequest(), Timeline())
    for name, content in files.items():
        place = root / folder / name
        if mode == "File":
            place.mkdir(parents=True, exist_ok=True)
            (place / "part").write_bytes(content)
        config = ChannelConfig(name, kind, mode, sharded=bool(folder), labelled=labelled)
        task.channels[name] = Channel(config, place, Notices(log.info, log.warning), may_be_empty=bool(folder))
    return task


def join(blocks: list[Block]) -> tuple[list[list[float]], list[float]]:
    """Return the rows and the labels of blocks."""
    return (
        np.concatenate([np.asarray(X) for X, _ in blocks]).tolist(),
        np.concatenate([y for _, y in blocks]).tolist(),
    )


def join_features(channel: Iterable[Block]) -> list[list[float]]:
    """Return the rows of a channel without labels."""
    blocks = list(channel)
    assert {y.shape[1:] for _, y in blocks} == {(0,)}
    found: list[list[float]] = np.concatenate([np.asarray(X) for X, _ in blocks]).tolist()
    return found


def said(task: Task) -> str:
    """Return what a job has said."""
    assert isinstance(task.log, Said)
    return "\n".join(task.log.lines)
