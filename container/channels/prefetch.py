"""Prefetch: a thread takes the next items of a generator while the current one is used."""

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event, local
from typing import TypeVar

T = TypeVar("T")

DEPTH = 2

_TICK = 0.1
_here = local()


def ahead(
    items: Generator[T, None, None], halt: Event | None = None, heed: Callable[[], None] = lambda: None
) -> Generator[T, None, None]:
    """Yield the items of `items`, up to PREFETCH_DEPTH of them taken early by a thread.

    Exceptions of `items` are raised here. `halt` is set when no more items are wanted, so that a wait inside `items`
    can end. `raise_if_stopped` is called before every item and while waiting for one; it may raise to end the
    iteration.
    """
    halt = halt or Event()
    reader = ThreadPoolExecutor(1, "reader", setattr, (_here, "halt", halt))
    coming: deque[Future[T | None]] = deque()

    def order() -> None:
        coming.append(reader.submit(lambda: next(items, None)))

    try:
        for _ in range(DEPTH):
            order()
        while (item := _result(coming.popleft(), halt, heed)) is not None:
            order()
            yield item
            del item
    finally:
        halt.set()
        for future in coming:
            future.cancel()
        reader.submit(items.close)  # by the thread, which may still be at work where a signal has interrupted us
        reader.shutdown(wait=getattr(_here, "halt", None) is not halt)  # unless we are collected in that thread


def _result(future: Future[T], halt: Event, heed: Callable[[], None]) -> T:
    """Wait for an item in short steps, calling `raise_if_stopped` and passing on the halt of an enclosing prefetch."""
    outer: Event | None = getattr(_here, "halt", None)
    heed()
    while not future.done():
        if outer is not None and outer.is_set():
            halt.set()
        wait((future,), _TICK)
        heed()
    return future.result()
