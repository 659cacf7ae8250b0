"""A connection with heartbeats that carries messages, each one line of JSON."""

import json
import socket
import time
from contextlib import suppress
from threading import Lock
from typing import Any

HEARTBEAT_SECONDS = 1.0  # seconds between two beats
SILENCE_SECONDS = 30.0  # seconds without one after which an end is given up
MAX_LINE_BYTES = 1 << 17

_RECEIVE_BYTES = 1 << 16

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
        self._unsent = bytearray()
        self._unparsed = bytearray()
        self.is_closed = False
        self.silent_seconds = 0.0

    @property
    def is_lost(self) -> bool:
        """Whether the other end has been silent for more than SILENCE_SECONDS."""
        return self.silent_seconds > SILENCE_SECONDS

    def fileno(self) -> int:
        """Return the file descriptor, for poll."""
        return self._sock.fileno()

    def send_message(self, word: str, **content: Any) -> None:
        """Send a message, after what is still unsent of earlier ones; what does not fit now is kept."""
        with self._sending:
            self._unsent += json.dumps({"word": word, **content}).encode() + b"\n"
            try:
                del self._unsent[: self._sock.send(self._unsent)]
            except BlockingIOError:
                pass
            except OSError:  # reading will tell
                self._unsent.clear()

    def receive_messages(self) -> list[Message]:
        """Return the complete messages that have arrived."""
        try:
            chunk = self._sock.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return []
        except OSError:
            chunk = b""
        self._unparsed += chunk
        *lines, self._unparsed = self._unparsed.split(b"\n")
        messages = [_parse_message(line) for line in lines]
        self.is_closed = not chunk or len(self._unparsed) > MAX_LINE_BYTES or None in messages
        self.silent_seconds = 0.0
        return [message for message in messages if message is not None]

    def close(self) -> None:
        """Shut the connection down, also where a forked process still holds its descriptor."""
        self.is_closed = True
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()


class AwakeClock:
    """A clock that hardly advances while this process is frozen: its own pause is nobody else's silence."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def take_elapsed(self) -> float:
        """Return the seconds since the last call, at most two heartbeats."""
        last, self._last = self._last, time.monotonic()
        return min(self._last - last, 2 * HEARTBEAT_SECONDS)


def _parse_message(line: bytearray) -> Message | None:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and isinstance(message.get("word"), str) else None
