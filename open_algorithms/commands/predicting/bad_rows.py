"""Rows that cannot be predicted: the first one ends the command, or all are skipped and counted.

Tests: tests/commands/test_predict.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from container.contract.errors import DecodeError
from open_algorithms.commands.telling.faults import CommandError
from open_algorithms.commands.telling.say import print_message

SHOWN_ROWS = 5  # that are skipped, whose places are told


class BadRows:
    """What is done about rows that cannot be predicted; `skips` tells whether they are skipped."""

    def __init__(self, skips: bool) -> None:
        self.skips = skips
        self.count = 0

    def handle_row(self, source: str, error: DecodeError) -> None:
        """Raise the error of a row of `source` as CommandError, or count the row and tell of the first few."""
        if not self.skips:
            raise CommandError(f"{error.message_within(source)}.")
        self.count += 1
        if self.count <= SHOWN_ROWS:
            print_message(f"skipped: {error.message_within(source)}.")

    def tell_count(self) -> None:
        """Tell how many rows were skipped, if there are any."""
        if self.count:
            print_message(f"skipped {self.count:,} row{'' if self.count == 1 else 's'} in all.")


@contextmanager
def name_source(source: str) -> Iterator[None]:
    """Raise faults of a source as CommandError with its name."""
    try:
        yield
    except DecodeError as error:
        raise CommandError(f"{error.message_within(source)}.") from None
    except OSError as error:
        raise CommandError(f"{source} cannot be read: {error.strerror or error}.") from None
