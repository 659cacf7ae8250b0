"""What connects the event loop to the threads that answer: request bodies in, responses out."""

import select
import socket
import time
from collections import deque
from collections.abc import Callable
from threading import Condition

from container.contract.errors import HttpError, TooSlow

FULL_BYTES, LOW_BYTES = 4 << 20, 1 << 20
RATE_SECONDS = 10
RATE_BYTES = 1000 * RATE_SECONDS  # that a client must take or give in so many seconds


class Inflow:
    """A body that one thread writes as it arrives and another reads.

    Backpressure: above HIGH_WATER_BYTES the writer pauses; below LOW_WATER_BYTES `resume()` is called.
    """

    def __init__(self, resume: Callable[[], object]) -> None:
        self._resume = resume
        self._parts: deque[bytes] = deque()
        self._size = self.total = 0
        self._ended = False
        self._error: Exception | None = None
        self._paused = False
        self._changed = Condition()

    def write(self, part: memoryview) -> None:
        """Append bytes; never blocks."""
        with self._changed:
            self._parts.append(bytes(part))
            self._size += len(part)
            self.total += len(part)
            self._changed.notify()

    def end(self, error: Exception | None = None) -> None:
        """End the body, or make the reader raise `error` once it has read what is buffered."""
        with self._changed:
            self._ended, self._error = True, self._error or error
            self._changed.notify()

    def is_full(self) -> bool:
        """Pause the writer if HIGH_WATER_BYTES are buffered; return whether it is paused until `resume()`."""
        with self._changed:
            self._paused = self._size >= FULL_BYTES
            return self._paused

    @property
    def ended(self) -> bool:
        """Whether no more bytes will come."""
        return self._ended

    @property
    def paused(self) -> bool:
        """Whether the writer is paused."""
        return self._paused

    def read(self, size: int = -1) -> bytes:
        """Wait for bytes and return at most `size` of them, all up to the end if it is negative; b"" at the end.

        Raises the error that the body ended with.
        """
        if size < 0:
            return b"".join(iter(lambda: self.read(FULL_BYTES), b""))
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
            self._size -= len(part)
            resume = self._paused and self._size <= LOW_BYTES
            self._paused = self._paused and not resume
        if resume:
            self._resume()
        return part


class Outflow:
    """A response that is sent while it is produced, by the producing thread, as fast as the client reads."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._moved, self._end = 0, time.monotonic() + RATE_SECONDS

    def sendall(self, data: bytes) -> None:
        """Send all bytes; raise TooSlow if the client takes fewer than RATE_WINDOW_BYTES in RATE_WINDOW_SECONDS."""
        rest = memoryview(data)
        writable = select.poll()
        writable.register(self._sock, select.POLLOUT)
        while rest:
            try:
                sent = self._sock.send(rest)
            except BlockingIOError:
                writable.poll(1000 * RATE_SECONDS)
                sent = 0
            rest = rest[sent:]
            self._moved += sent
            if rest and time.monotonic() > self._end:
                if self._moved < RATE_BYTES:
                    raise TooSlow("the answer is hardly taken")
                self._moved, self._end = 0, time.monotonic() + RATE_SECONDS


class Collected:
    """A response that is collected first and sent when it is complete."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.sendall = self.parts.append


class Refused:
    """The body of a request that is refused unread: reading raises the reason."""

    def __init__(self, error: HttpError) -> None:
        self._error = error

    def read(self, size: int = -1) -> bytes:
        """Raise the error."""
        raise self._error
