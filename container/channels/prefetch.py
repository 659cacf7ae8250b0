"""Prefetch: a thread takes the next items of a generator while the current one is used."""

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event, local
from typing import TypeVar

T = TypeVar("T")

PREFETCH_DEPTH = 2

_POLL_SECONDS = 0.1
_reader_thread = local()


def prefetch(
    items: Generator[T, None, None], halt: Event | None = None, raise_if_stopped: Callable[[], None] = lambda: None
) -> Generator[T, None, None]:
    """Yield the items of `items`, up to PREFETCH_DEPTH of them taken early by a thread.

    Exceptions of `items` are raised here. `halt` is set when no more items are wanted, so that a wait inside `items`
    can end. `raise_if_stopped` is called before every item and while waiting for one; it may raise to end the
    iteration.
    """
    halt = halt or Event()
    reader = ThreadPoolExecutor(1, "reader", setattr, (_reader_thread, "halt", halt))
    coming: deque[Future[T | None]] = deque()

    def request_next() -> None:
        coming.append(reader.submit(lambda: next(items, None)))

    try:
        for _ in range(PREFETCH_DEPTH):
            request_next()
        while (item := _await_result(coming.popleft(), halt, raise_if_stopped)) is not None:
            request_next()
            yield item
            del item
    finally:
        halt.set()
        for future in coming:
            future.cancel()
        reader.submit(items.close)  # by the thread, which may still be at work where a signal has interrupted us
        reader.shutdown(
            wait=getattr(_reader_thread, "halt", None) is not halt
        )  # unless we are collected in that thread


def _await_result(future: Future[T], halt: Event, raise_if_stopped: Callable[[], None]) -> T:
    """Wait for an item in short steps, calling `raise_if_stopped` and passing on the halt of an enclosing prefetch."""
    outer: Event | None = getattr(_reader_thread, "halt", None)
    raise_if_stopped()
    while not future.done():
        if outer is not None and outer.is_set():
            halt.set()
        wait((future,), _POLL_SECONDS)
        raise_if_stopped()
    return future.result()
