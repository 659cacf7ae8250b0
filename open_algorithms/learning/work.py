"""The work that a job gives to an algorithm, as one value.

Tests: tests/linear_learner/test_learn.py.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.columns.wishes import ColumnWishes
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.job.listener import TrainingListener
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.rows.kept import Prefetch
from open_algorithms.learning.training.checkpoints import CheckpointStore
from open_algorithms.learning.types.arrays import Float32s, Float64s

USUAL_FREE_BYTES = 8 << 30  # where nobody measures the memory


@dataclass(frozen=True)
class Columns:
    """The columns of the train channel: names of features and label, empty where there are none, and an offset.

    `shift` (d,) has already been subtracted from every feature, so that float32 keeps the digits that vary; None for
    nothing. `recipe` says how the columns of a table become the features, where the channel is one. `classes` are those
    that labels number, where these are not the numbers themselves and there is no recipe. `row_weights` says by channel
    how much each row counts, (n,), 1 on average, where a column says so.
    """

    features: tuple[str, ...] = ()
    label: str = ""
    shift: Float64s | None = None
    recipe: Recipe | None = None
    classes: tuple[str | float, ...] = ()
    row_weights: Mapping[str, Float32s] = field(default_factory=dict)


@dataclass(frozen=True)
class ColumnRequest:
    """What an algorithm asks of the columns: whether features may be shifted, and what the user says of a table.

    `recipe` is that of a model to start from, which tables must follow; None where they are looked into. In
    `weighed_channels` rows count by the column that the user names for that.
    """

    may_shift: bool = False
    wishes: ColumnWishes = field(default_factory=ColumnWishes)
    recipe: Recipe | None = None
    weighed_channels: Collection[str] = ()


def read_no_columns(request: ColumnRequest) -> Columns:
    """Return columns without names and shift."""
    return Columns()


def assume_usual_memory() -> int:
    """Return the bytes of a usual machine."""
    return USUAL_FREE_BYTES


def record_nothing(part: str) -> None:
    """Record nothing."""


@dataclass(frozen=True)
class Work:
    """What an algorithm is given to learn from, and whom it reports to.

    Every pass over a channel yields its blocks anew, but one in `piped_channels` has only one pass at a time. Of a
    channel in `sharded_channels` each host is given its own part, of the others all rows. `row_weights` says by channel
    how much each row counts, (n,), 1 on average; in a channel without, and with several hosts, all count alike.
    `file_names` are those of each channel's files, none of a stream.
    `read_columns(request)` reads the first rows of the train channel, makes all hosts agree on its columns and returns
    them. `free_memory()` measures the bytes that may still be allocated. `start_folder` holds a model to start from;
    `checkpoints` is where the state of training outlives the process; each is None where there is none.
    `raise_if_stopped()` raises KeyboardInterrupt once the job is asked to stop; the algorithm calls it between steps.
    `record_lap` is called with the name of each part of the work when it ends; `seconds_by_part` holds the duration of
    the parts that have ended. `processors` bounds the threads of large products.
    """

    hyperparameters: Mapping[str, str]
    channels: Mapping[str, Iterable[Block]]
    log: TrainingListener
    free_memory: Callable[[], int] = assume_usual_memory
    read_columns: Callable[[ColumnRequest], Columns] = read_no_columns
    start_folder: Path | None = None
    checkpoints: CheckpointStore | None = None
    raise_if_stopped: StopCheck = never_stop
    record_lap: Callable[[str], None] = record_nothing
    seconds_by_part: Mapping[str, float] = field(default_factory=dict)
    prefetch: Prefetch = iter
    processors: int = 1
    hosts: Hosts = SINGLE_HOST
    sharded_channels: Collection[str] = ()
    piped_channels: Collection[str] = ()
    row_weights: Mapping[str, Float32s] = field(default_factory=dict)
    file_names: Mapping[str, Sequence[str]] = field(default_factory=dict)
