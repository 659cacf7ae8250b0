"""What a worker grants its clients: bytes held for them, bodies streamed at once, and the least speed of each.

Tests: tests/container/wire/test_connection.py, tests/container/wire/test_worker.py.
"""

from io import BytesIO
from typing import NamedTuple

from container.contract.errors import PayloadTooLarge, ServerBusy

MOST_STREAMS = 16
RATE_WINDOW_SECONDS = 10
RATE_WINDOW_BYTES = 1000 * RATE_WINDOW_SECONDS  # that a client must send or take in so many seconds


class BodyLimits(NamedTuple):
    """Limits in bytes: of the body of one request (0: none), and of all bodies and responses that a worker holds."""

    body_bytes: int
    held_bytes: int


class BodyBudget:
    """How much of a worker's limits all its connections use together."""

    def __init__(self, limits: BodyLimits) -> None:
        self.limits = limits
        self.held_bytes = 0
        self.stream_count = 0

    @property
    def is_exhausted(self) -> bool:
        """Whether the connections hold more bytes than they may."""
        return self.held_bytes > self.limits.held_bytes

    @property
    def can_stream(self) -> bool:
        """Whether one more body may be streamed."""
        return self.stream_count < MOST_STREAMS


class HeldBody:
    """A request's body in memory; what its connection holds, later of the response, counts in the worker's budget."""

    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self._content = BytesIO()
        self.held_bytes = 0

    def check_length(self, length: int) -> None:
        """Raise PayloadTooLarge if a body of `length` bytes is beyond the limit."""
        limit = self._budget.limits.body_bytes
        if 0 < limit < length:
            raise PayloadTooLarge(f"the body is larger than the limit of {limit >> 20} MB")

    def write(self, part: memoryview) -> None:
        """Append bytes; raise PayloadTooLarge beyond the limit of a body, ServerBusy beyond that of all bodies."""
        self._content.write(part)
        self.hold_bytes(len(part))
        self.check_length(self.held_bytes)
        if self._budget.is_exhausted:
            raise ServerBusy("too many large requests at once; try again later")

    def read_all(self) -> bytes:
        """Return the whole content."""
        return self._content.getvalue()

    def hold_bytes(self, size: int) -> None:
        """Count `size` more bytes as held."""
        self.held_bytes += size
        self._budget.held_bytes += size

    def release_bytes(self) -> None:
        """Drop the content and count nothing as held."""
        self._content = BytesIO()
        self._budget.held_bytes -= self.held_bytes
        self.held_bytes = 0


class RateWindow:
    """Counts the bytes that a client sends or takes in a window of time."""

    def __init__(self, now: float) -> None:
        self.restart(now)

    def restart(self, now: float) -> None:
        """Start a new window."""
        self.start, self.byte_count = now, 0

    def is_slow(self, now: float) -> bool:
        """Whether fewer than RATE_WINDOW_BYTES moved in a window that is over by now; then a new window starts."""
        if now - self.start < RATE_WINDOW_SECONDS:
            return False
        slow = self.byte_count < RATE_WINDOW_BYTES
        self.restart(now)
        return slow
