"""A connection whose ends hear from each other all the time: messages, each a line of JSON, and beats between them."""

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
    """One end of a connection; nothing here ever waits, so that a network that swallows everything blocks nobody.

    `closed` tells that the other end is gone, or says what is no message; `quiet` for how long it has said nothing.
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
        """Tell whether the other end has been quiet for too long."""
        return self.quiet > SILENCE

    def fileno(self) -> int:
        """Give what poll wants."""
        return self._sock.fileno()

    def send(self, word: str, **content: Any) -> None:
        """Send a message, and what could not be sent before it."""
        with self._sending:
            self._going += json.dumps({"word": word, **content}).encode() + b"\n"
            try:
                del self._going[: self._sock.send(self._going)]
            except BlockingIOError:
                pass
            except OSError:  # reading will tell
                self._going.clear()

    def receive(self) -> list[Message]:
        """Give the messages that have come."""
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
        """End the connection, though a forked process may still hold it."""
        self.closed = True
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()


class Clock:
    """The time that passes for this process: what it was frozen for itself is nobody else's silence."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def step(self) -> float:
        """Give the seconds since the last step."""
        last, self._last = self._last, time.monotonic()
        return min(self._last - last, 2 * BEAT)


def _read(line: bytearray) -> Message | None:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and isinstance(message.get("word"), str) else None
