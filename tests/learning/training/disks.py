"""Checkpoints in memory, of jobs that are killed once there are some."""

from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO


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
