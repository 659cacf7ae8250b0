"""A job's checkpoint: one file in a folder that outlives the job, replaced atomically."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

FILE_NAME = "checkpoint"
PARTIAL_NAME = (
    f"{FILE_NAME}.sagemaker-ignore"  # the platform copies the folder all the time, but nothing of this suffix
)


class CheckpointFile:
    """The checkpoint in `folder`. Other files there, such as the platform's markers, are left alone.

    Errors of reading, writing or removing never end a job: they are passed to `warn`, and the last checkpoint stays.
    """

    def __init__(self, folder: Path, warn: Callable[[str], None]) -> None:
        self._folder = folder
        self._warn = warn
        with suppress(OSError):
            (folder / PARTIAL_NAME).unlink(missing_ok=True)

    def open_latest(self) -> BinaryIO | None:
        """Open the checkpoint of an earlier run; return None where there is none or it cannot be read."""
        try:
            return (self._folder / FILE_NAME).open("rb")
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn(f"The checkpoint {self._folder / FILE_NAME} cannot be read: {error.strerror}.")
            return None

    def replace_latest(self, dump: Callable[[BinaryIO], None]) -> None:
        """Have `dump(file)` write a new checkpoint, which replaces the last one once it is synced to disk.

        Anything but OSError that `dump` raises is passed on, and the last checkpoint stays.
        """
        unfinished = self._folder / PARTIAL_NAME
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as file:
                dump(file)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self._folder / FILE_NAME)
        except OSError as error:
            self._warn(f"No checkpoint could be written to {self._folder}: {error.strerror}. Training goes on.")
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)

    def remove_latest(self) -> None:
        """Remove the checkpoint; for a job that has finished."""
        checkpoint = self._folder / FILE_NAME
        try:
            if os.path.lexists(checkpoint):
                checkpoint.unlink()
        except OSError as error:
            self._warn(f"The checkpoint {checkpoint} could not be removed, though the job is done: {error.strerror}.")
