"""Prefetch: a thread takes the next items of a generator while the current one is used."""

from collections.abc import Callable, Generator
from queue import Empty, SimpleQueue
from threading import Event, Thread, local
from typing import NamedTuple, TypeVar

T = TypeVar("T")

PREFETCH_DEPTH = 2

_POLL_SECONDS = 0.1
_reader_thread = local()


class _Fault(NamedTuple):
    error: BaseException


def prefetch(
    items: Generator[T, None, None], halt: Event | None = None, raise_if_stopped: Callable[[], None] = lambda: None
) -> Generator[T, None, None]:
    """Yield the items of `items`, up to PREFETCH_DEPTH of them taken early by a thread.

    Exceptions of `items` are raised here. `halt` is set when no more items are wanted, so that a wait inside `items`
    can end. `raise_if_stopped` is called before every item and while waiting for one; it may raise to end the
    iteration.
    """
    halt = halt or Event()
    wanted: SimpleQueue[bool] = SimpleQueue()
    coming: SimpleQueue[T | _Fault | None] = SimpleQueue()
    is_over = Event()
    reader = Thread(target=_read_wanted, args=(items, wanted, coming, halt, is_over), name="reader", daemon=True)
    try:
        for _ in range(PREFETCH_DEPTH):
            wanted.put(True)
        reader.start()
        while (item := _await_item(coming, halt, raise_if_stopped)) is not None:
            if isinstance(item, _Fault):
                raise item.error
            wanted.put(True)
            yield item
            del item
    finally:
        is_over.set()
        halt.set()
        wanted.put(False)
        if getattr(_reader_thread, "halt", None) is not halt:  # unless we are collected in that thread
            reader.join()


def _read_wanted(
    items: Generator[T, None, None],
    wanted: "SimpleQueue[bool]",
    coming: "SimpleQueue[T | _Fault | None]",
    halt: Event,
    is_over: Event,
) -> None:
    """Take an item for each one that is wanted until it is over, then close `items`, without a reference to any."""
    _reader_thread.halt = halt
    try:
        while wanted.get() and not is_over.is_set():
            coming.put(next(items, None))
    except BaseException as error:
        coming.put(_Fault(error))
    finally:
        items.close()  # by this thread, which may still be at work where a signal has interrupted the other


def _await_item(
    coming: "SimpleQueue[T | _Fault | None]", halt: Event, raise_if_stopped: Callable[[], None]
) -> "T | _Fault | None":
    """Wait for an item in short steps, calling `raise_if_stopped` and passing on the halt of an enclosing prefetch."""
    outer: Event | None = getattr(_reader_thread, "halt", None)
    while True:
        raise_if_stopped()
        if outer is not None and outer.is_set():
            halt.set()
        try:
            return coming.get(timeout=_POLL_SECONDS)
        except Empty:
            pass
