"""The event loop: calls back when sockets are ready, and when other threads ask for it.

Tests: tests/container/wire/test_worker.py.
"""

import os
import selectors
import socket
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

Callback = Callable[[], object]


class Loop:
    """Watches sockets; other threads wake it through a non-blocking pipe, given as (read end, write end)."""

    def __init__(self, pipe: tuple[int, int]) -> None:
        self._read_end, self._write_end = pipe
        self._calls: SimpleQueue[Callback] = SimpleQueue()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._read_end, selectors.EVENT_READ, self._run_calls)

    def watch_socket(self, sock: socket.socket | Any, events: int, callback: Callback) -> None:
        """Call `callback` whenever the socket is ready for `events`, in place of what was watched before; 0: never."""
        try:
            if events:
                self._selector.modify(sock, events, callback)
            else:
                self._selector.unregister(sock)
        except KeyError:
            if events:
                self._selector.register(sock, events, callback)

    def call_soon(self, callback: Callback) -> None:
        """Have the loop's thread call `callback` soon; safe from any thread."""
        self._calls.put(callback)
        with suppress(BlockingIOError):
            os.write(self._write_end, b"\0")

    def run_once(self, seconds: float) -> None:
        """Wait for events for at most `seconds` and handle them."""
        for key, _ in self._selector.select(seconds):
            key.data()

    def _run_calls(self) -> None:
        os.read(self._read_end, 4096)
        for _ in range(self._calls.qsize()):
            self._calls.get_nowait()()
