"""What connects the event loop to the threads that answer: request bodies in, responses out.

Tests: tests/container/wire/test_worker.py.
"""

import select
import socket
import time
from collections import deque
from collections.abc import Callable
from threading import Condition

from container.contract.errors import ClientTooSlow, HttpError
from container.wire.limits import RATE_WINDOW_BYTES, RATE_WINDOW_SECONDS

HIGH_WATER_BYTES, LOW_WATER_BYTES = 4 << 20, 1 << 20


class Inflow:
    """A body that one thread writes as it arrives and another reads.

    Backpressure: above HIGH_WATER_BYTES the writer pauses; below LOW_WATER_BYTES `resume()` is called.
    """

    def __init__(self, resume: Callable[[], object]) -> None:
        self._resume = resume
        self._parts: deque[bytes] = deque()
        self._buffered_bytes = self.total_bytes = 0
        self._ended = False
        self._error: Exception | None = None
        self._paused = False
        self._changed = Condition()

    def write(self, part: memoryview | bytes) -> None:
        """Append bytes; never blocks."""
        with self._changed:
            self._parts.append(bytes(part))
            self._buffered_bytes += len(part)
            self.total_bytes += len(part)
            self._changed.notify()

    def end_body(self, error: Exception | None = None) -> None:
        """End the body, or make the reader raise `error` once it has read what is buffered."""
        with self._changed:
            self._ended, self._error = True, self._error or error
            self._changed.notify()

    def pause_if_full(self) -> bool:
        """Pause the writer if HIGH_WATER_BYTES are buffered; return whether it is paused until `resume()`."""
        with self._changed:
            self._paused = self._buffered_bytes >= HIGH_WATER_BYTES
            return self._paused

    @property
    def has_ended(self) -> bool:
        """Whether no more bytes will come."""
        return self._ended

    @property
    def is_paused(self) -> bool:
        """Whether the writer is paused."""
        return self._paused

    def read(self, size: int = -1) -> bytes:
        """Wait for bytes and return at most `size` of them, all up to the end if it is negative; b"" at the end.

        Raises the error that the body ended with.
        """
        if size < 0:
            return b"".join(iter(lambda: self.read(HIGH_WATER_BYTES), b""))
        with self._changed:
            self._changed.wait_for(lambda: self._parts or self._ended)
            if not self._parts:
                if self._error:
                    raise self._error
                return b""
            part = self._parts.popleft()
            if len(part) > size:
                self._parts.appendleft(part[size:])
                part = part[:size]
            self._buffered_bytes -= len(part)
            resume = self._paused and self._buffered_bytes <= LOW_WATER_BYTES
            self._paused = self._paused and not resume
        if resume:
            self._resume()
        return part


class Outflow:
    """A response that is sent while it is produced, by the producing thread, as fast as the client reads."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._window_bytes, self._window_end = 0, time.monotonic() + RATE_WINDOW_SECONDS

    def sendall(self, data: bytes) -> None:
        """Send all bytes; raise ClientTooSlow if the client takes fewer than RATE_WINDOW_BYTES in a window."""
        rest = memoryview(data)
        writable = select.poll()
        writable.register(self._sock, select.POLLOUT)
        while rest:
            try:
                sent = self._sock.send(rest)
            except BlockingIOError:
                writable.poll(1000 * RATE_WINDOW_SECONDS)
                sent = 0
            rest = rest[sent:]
            self._window_bytes += sent
            if rest and time.monotonic() > self._window_end:
                if self._window_bytes < RATE_WINDOW_BYTES:
                    raise ClientTooSlow("the answer is hardly taken")
                self._window_bytes, self._window_end = 0, time.monotonic() + RATE_WINDOW_SECONDS


class CollectedAnswer:
    """A response that is collected first and sent when it is complete."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.sendall = self.parts.append


class RefusedBody:
    """The body of a request that is refused unread: reading raises the reason."""

    def __init__(self, error: HttpError) -> None:
        self._error = error

    def read(self, size: int = -1) -> bytes:
        """Raise the error."""
        raise self._error
