"""The work that a job gives to an algorithm, as one value."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.job.listener import TrainingListener

Block = tuple[Any, Any]  # features (n, d), dense or sparse, and labels (n,), None in a channel without labels
Prefetch = Callable[[Iterator[Any]], Iterator[Any]]


def never_stop() -> None:
    """Go on: nobody has asked to stop."""


def record_nothing(part: str) -> None:
    """Measure nothing."""


@dataclass(frozen=True)
class Columns:
    """The columns of the train channel, as far as its data tells: names of features and label, and an offset.

    `shift` (d,), float64, has already been subtracted from every feature, so that float32 keeps the digits that vary.
    """

    features: tuple[str, ...] = ()
    label: str | None = None
    shift: Any = None


@dataclass(frozen=True)
class Work:
    """What an algorithm is given to learn from, and whom it reports to.

    Every pass over a channel yields its blocks anew. Of a channel in `sharded_channels` each host is given its own
    part, of the others all rows. `raise_if_stopped` raises KeyboardInterrupt once the job is asked to stop; the
    algorithm calls it between steps. `record_lap` is told the name of each part of the work as it ends. `prefetch` runs
    an iterator in the background, a little ahead of its reader. `start_folder` holds a model to start from;
    `checkpoints` is where the state of training outlives the process; None where there is none. `memory_bytes` may be
    used here, `processors` share large products.
    """

    hyperparameters: Mapping[str, str]
    channels: Mapping[str, Iterable[Block]]
    log: TrainingListener
    memory_bytes: int
    columns: Columns = Columns()
    start_folder: Path | None = None
    checkpoints: Any = None  # a CheckpointStore
    raise_if_stopped: Callable[[], None] = never_stop
    record_lap: Callable[[str], None] = record_nothing
    prefetch: Prefetch = iter
    processors: int = 1
    hosts: Hosts = SINGLE_HOST
    sharded_channels: Collection[str] = field(default=())
