"""Pipe mode: each epoch of a channel is a FIFO `<channel>_<n>`, with n incremented at each open."""

import fcntl
import io
import os
import select
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import BinaryIO

from container.contract.errors import ClientError

FIFO_TIMEOUT = 300.0
PIPE_BYTES = 1 << 20

_POLL_SECONDS = 0.1

# The platform counts the opens of a channel for the life of the process, whoever opens.
_opens: Counter[Path] = Counter()


class HaltedError(Exception):
    """Raised while waiting for a stream whose reader has stopped."""


def next_fifo_path(channel: Path) -> Path:
    """Return the path of the FIFO of a channel's next epoch."""
    return channel.with_name(f"{channel.name}_{_opens[channel]}")


@contextmanager
def open_next_fifo(channel: Path, halt: Event, timeout: float = FIFO_TIMEOUT) -> Iterator[BinaryIO]:
    """Open the next FIFO of a channel and close it on exit, so that its writer gets an error.

    Raises ClientError if the FIFO does not appear, or no bytes arrive, for `timeout` seconds, and HaltedError if `halt`
    is set while waiting.
    """
    path = next_fifo_path(channel)
    _wait_until(path.exists, halt, timeout, f"the FIFO {path} did not appear within {timeout:g} seconds", _POLL_SECONDS)
    _opens[channel] += 1
    with io.BufferedReader(_Fifo(path, halt, timeout)) as stream:
        yield stream


class _Fifo(io.FileIO):
    """A FIFO that waits for its writer and for bytes, and ends when its writer closes it."""

    def __init__(self, path: Path, halt: Event, timeout: float) -> None:
        super().__init__(path, opener=lambda name, _: os.open(name, os.O_RDONLY | os.O_NONBLOCK))
        self._halt = halt
        self._timeout = timeout
        self._timeout_problem = f"nothing came through the FIFO {path} for {timeout:g} seconds"
        self._poll = select.poll()
        self._poll.register(self, select.POLLIN)
        with suppress(OSError):
            fcntl.fcntl(self, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def readinto(self, buffer: bytearray | memoryview) -> int | None:  # type: ignore[override]
        # Until a writer has come a read would give no byte, which means the end; poll waits for the writer too.
        _wait_until(
            lambda: bool(self._poll.poll(1000 * _POLL_SECONDS)), self._halt, self._timeout, self._timeout_problem
        )
        return super().readinto(buffer)


def _wait_until(is_ready: Callable[[], bool], halt: Event, timeout: float, problem: str, pause: float = 0.0) -> None:
    deadline = time.monotonic() + timeout
    while not is_ready():
        if halt.wait(pause):
            raise HaltedError
        if time.monotonic() > deadline:
            raise ClientError(
                f"{problem}. Check that what writes it is running, or set the input mode of the channel to File."
            )
