"""A job's checkpoint: one file in a folder that outlives the job, replaced as a whole or not at all."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

NAME = "checkpoint"
UNFINISHED = f"{NAME}.sagemaker-ignore"  # the platform copies the folder all the time, but nothing of this suffix


class Checkpoint:
    """The checkpoint in `folder`; what else lies there, the platform's markers among it, is left alone.

    A checkpoint that cannot be read, written or removed is no reason to end a job: `warn` is told, and what is there
    stays.
    """

    def __init__(self, folder: Path, warn: Callable[[str], None]) -> None:
        self._folder = folder
        self._warn = warn
        with suppress(OSError):
            (folder / UNFINISHED).unlink(missing_ok=True)

    def read(self) -> BinaryIO | None:
        """Open the checkpoint that an earlier run of the job has left, if there is one."""
        try:
            return (self._folder / NAME).open("rb")
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn(f"The checkpoint {self._folder / NAME} cannot be read: {error.strerror}.")
            return None

    def write(self, dump: Callable[[BinaryIO], None]) -> None:
        """Let `dump` write a new checkpoint, which takes the place of the last one once it is on the disk.

        What `dump` raises, other than OSError, is raised on, and the last one stays.
        """
        unfinished = self._folder / UNFINISHED
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as file:
                dump(file)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self._folder / NAME)
        except OSError as error:
            self._warn(f"No checkpoint could be written to {self._folder}: {error.strerror}. Training goes on.")
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the checkpoint of a job that is finished."""
        checkpoint = self._folder / NAME
        try:
            if os.path.lexists(checkpoint):
                checkpoint.unlink()
        except OSError as error:
            self._warn(f"The checkpoint {checkpoint} could not be removed, though the job is done: {error.strerror}.")
