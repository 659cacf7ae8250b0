"""A connection with heartbeats that carries messages, each one line of JSON."""

import json
import socket
import time
from contextlib import suppress
from threading import Lock
from typing import Any

BEAT = 1.0  # seconds between two beats
SILENCE = 30.0  # seconds without one after which an end is given up
LINE_BYTES = 1 << 17

_CHUNK = 1 << 16

Message = dict[str, Any]


class Link:
    """One end of a connection. No method blocks, even if the network drops everything.

    `is_closed` tells that the other end is gone or has sent something that is no message; `silent_seconds` is the time
    since it was last heard of.
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._sending = Lock()
        self._going = bytearray()
        self._coming = bytearray()
        self.closed = False
        self.quiet = 0.0

    @property
    def lost(self) -> bool:
        """Whether the other end has been silent for more than SILENCE_SECONDS."""
        return self.quiet > SILENCE

    def fileno(self) -> int:
        """Return the file descriptor, for poll."""
        return self._sock.fileno()

    def send(self, word: str, **content: Any) -> None:
        """Send a message, after what is still unsent of earlier ones; what does not fit now is kept."""
        with self._sending:
            self._going += json.dumps({"word": word, **content}).encode() + b"\n"
            try:
                del self._going[: self._sock.send(self._going)]
            except BlockingIOError:
                pass
            except OSError:  # reading will tell
                self._going.clear()

    def receive(self) -> list[Message]:
        """Return the complete messages that have arrived."""
        try:
            chunk = self._sock.recv(_CHUNK)
        except BlockingIOError:
            return []
        except OSError:
            chunk = b""
        self._coming += chunk
        *lines, self._coming = self._coming.split(b"\n")
        messages = [_read(line) for line in lines]
        self.closed = not chunk or len(self._coming) > LINE_BYTES or None in messages
        self.quiet = 0.0
        return [message for message in messages if message is not None]

    def close(self) -> None:
        """Shut the connection down, also where a forked process still holds its descriptor."""
        self.closed = True
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()


class Clock:
    """A clock that hardly advances while this process is frozen: its own pause is nobody else's silence."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def step(self) -> float:
        """Return the seconds since the last call, at most two heartbeats."""
        last, self._last = self._last, time.monotonic()
        return min(self._last - last, 2 * BEAT)


def _read(line: bytearray) -> Message | None:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and isinstance(message.get("word"), str) else None
