"""Pools of threads, one for each kind of request, so that no kind waits for another.

Tests: tests/container/wire/test_worker.py.
"""

from collections.abc import Callable
from logging import Logger
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

SMALL_THREADS, STREAM_THREADS = 4, 8
LARGE_BYTES = 256 << 10

T = TypeVar("T")


class Lane(Generic[T]):
    """Threads that take items from one queue and call `handle(item)`; `put` adds an item."""

    def __init__(self, thread_count: int, handle: Callable[[T], None], log: Logger) -> None:
        self._queue: SimpleQueue[T] = SimpleQueue()
        self.put = self._queue.put
        self._work = handle
        self._log = log
        for _ in range(thread_count):
            Thread(target=self._handle_forever, daemon=True).start()

    def _handle_forever(self) -> None:
        while True:
            try:
                self._work(self._queue.get())
            except Exception:  # a fault of ours must not cost the thread
                self._log.exception("Error in a thread that answers")


class Lanes(Generic[T]):
    """One lane each for small requests, large requests, streams, and the loading of models."""

    def __init__(self, handle: Callable[[T], None], log: Logger) -> None:
        self.small = Lane(SMALL_THREADS, handle, log)
        self.streams = Lane(STREAM_THREADS, handle, log)
        self._large = Lane(1, handle, log)
        self._models = Lane(1, handle, log)

    def choose_lane(self, path: str, body_bytes: int) -> Lane[T]:
        """Choose the lane of a request with a complete body."""
        if path == "/models":
            return self._models
        return self._large if body_bytes > LARGE_BYTES else self.small
