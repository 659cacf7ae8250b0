"""Write the state of training after an epoch, and resume from it in a later process.

Tests: tests/linear_learner/training/test_checkpoints.py.
"""

import json
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, Protocol

import numpy as np

from open_algorithms.learning.artifact.archives import ZIP_ERRORS
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.job.listener import TrainingListener
from open_algorithms.learning.rows.kept import ChannelRows, StreamedRows
from open_algorithms.learning.types.arrays import AnyArray

Identity = dict[str, Any]
IDENTITY = "identity"
LAST_CHECKPOINT_SECONDS = 1.0  # seconds that a job that is stopped takes for a last checkpoint
FINGERPRINT_ROWS = (
    16  # rows of a stream that, with the scaler, tell it from others: few enough to be at hand on any machine
)


class CheckpointStore(Protocol):
    """Storage for one checkpoint that outlives the process."""

    def open_latest(self) -> BinaryIO | None:
        """Open the last checkpoint; None where there is none."""

    def replace_latest(self, dump: Callable[[BinaryIO], None]) -> None:
        """Replace the last checkpoint by what `dump` writes into a file."""


class Resumable(Protocol):
    """The state of a training that a later process can take over."""

    @property
    def epoch(self) -> int:
        """The number of finished epochs."""

    def state_arrays(self) -> Iterator[tuple[str, AnyArray]]:
        """Yield name and value of each array that training resumes from; none has dtype object."""

    def check_state(self, state: Mapping[str, AnyArray]) -> None:
        """Raise ValueError where `state` lacks an array that training resumes from."""

    def load_state(self, state: Mapping[str, AnyArray]) -> None:
        """Load the state of a training of the same job; arrays are taken from `state` one at a time."""


def data_fingerprints(data: Mapping[str, ChannelRows], hosts: Hosts) -> dict[str, list[float]]:
    """Return checksums of all hosts' rows by channel."""
    return {name: np.concatenate(hosts.all_gather(channel_fingerprint(rows))).tolist() for name, rows in data.items()}


def channel_fingerprint(data: ChannelRows) -> list[Any]:
    """Return checksums of a channel's rows: of all rows held in memory, of a stream the first FINGERPRINT_ROWS.

    The number of rows of a stream that are hashed does not depend on the memory of the machine. Where rows have
    weights, the checksum of all of these follows.
    """
    scaler = data.scaler
    rows = data.head_rows.copy_head(FINGERPRINT_ROWS) if isinstance(data, StreamedRows) else data.head_rows
    weights = [] if data.row_weights is None else [data.row_weights]
    sums = [array_checksum(array) for array in (scaler.mean, scaler.deviation, *rows.arrays, *weights)]
    return [data.feature_dim, len(rows), scaler.label_mean, scaler.label_deviation, *sums]


def array_checksum(array: AnyArray) -> int:
    """Return the CRC-32 of an array."""
    return zlib.crc32(np.ascontiguousarray(array).data)


def write_checkpoint(
    training: Resumable, own: Identity, store: CheckpointStore, raise_if_stopped: Callable[[], None]
) -> None:
    """Write a checkpoint in NumPy's npz format, with one array in memory at a time.

    Once the write has taken LAST_CHECKPOINT_SECONDS, `raise_if_stopped` is called between arrays; where it raises, the
    write is abandoned.
    """
    latest = time.monotonic() + LAST_CHECKPOINT_SECONDS

    def named_arrays() -> Iterator[tuple[str, AnyArray]]:
        yield IDENTITY, np.array(json.dumps(own))
        yield from training.state_arrays()

    def dump_archive(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            for name, array in named_arrays():
                if time.monotonic() > latest:
                    raise_if_stopped()
                with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, array, allow_pickle=False)  # type: ignore[no-untyped-call]

    store.replace_latest(dump_archive)


def resume_from_checkpoint(training: Resumable, own: Identity, store: CheckpointStore, log: TrainingListener) -> bool:
    """Resume from the stored checkpoint if it belongs to the same job.

    Log the outcome and return whether it was resumed.
    """
    file = store.open_latest()
    if file is None:
        return False
    with file:
        try:
            difference = describe_difference(json.loads(json.dumps(own)), read_identity(file))
            if not difference:
                with np.load(file, allow_pickle=False) as state:
                    training.check_state(state)
                file.seek(0)
        except ZIP_ERRORS as error:
            log.warning(f"The checkpoint cannot be read and is not gone on from: {error}. Starting anew.")
            return False
        if difference:
            log.warning(f"The checkpoint is of another job and not gone on from: {difference}. Starting anew.")
            return False
        with np.load(file, allow_pickle=False) as state:
            training.load_state(state)
    log.info(f"Going on from the checkpoint after epoch {training.epoch - 1}.")
    return True


def read_identity(file: BinaryIO) -> Identity:
    """Verify all checksums of a checkpoint; return the identity that it was written with.

    Raises one of ZIP_ERRORS where it is damaged or not a checkpoint.
    """
    with zipfile.ZipFile(file) as archive:
        if damaged := archive.testzip():
            raise zipfile.BadZipFile(f"{damaged} is damaged")
        if f"{IDENTITY}.npy" not in archive.namelist():
            raise ValueError(f"{IDENTITY} is missing")
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        identity: Identity = json.loads(str(arrays[IDENTITY]))
    file.seek(0)
    return identity


def describe_difference(own: Identity, stored: Identity) -> str:
    """Describe the first difference between two identities; empty where they are equal."""
    if not isinstance(stored, dict) or own["format"] != stored.get("format"):
        return "it was written by another version of this program"
    before, now = stored["hyperparameters"], own["hyperparameters"]
    if changed := sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name)):
        return ", ".join(f"{name} was {before.get(name)}, is {now.get(name)}" for name in changed)
    if own["engine"] != stored["engine"]:
        return f"it was trained by the engine {stored['engine']!r}, and this machine has {own['engine']!r}"
    for part, what in (("data", "the data differs"), ("start", "the model to start from differs")):
        if own[part] != stored[part]:
            return what
    return "" if own == stored else "it was written by another version of this program"
