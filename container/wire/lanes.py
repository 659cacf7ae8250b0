"""Pools of threads, one for each kind of request, so that no kind waits for another."""

from collections.abc import Callable
from logging import Logger
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

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
