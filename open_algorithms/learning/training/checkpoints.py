"""Storage for the state of training, written after an epoch and resumed from in a later process."""

from collections.abc import Callable
from typing import BinaryIO, Protocol


class CheckpointStore(Protocol):
    """Storage for one checkpoint that outlives the process."""

    def open_latest(self) -> BinaryIO | None:
        """Open the last checkpoint; None where there is none."""

    def replace_latest(self, dump: Callable[[BinaryIO], None]) -> None:
        """Replace the last checkpoint by what `dump` writes into a file."""
