"""Items come as they would without the thread, only earlier; the thread ends with the iteration."""

import sys
from collections.abc import Generator, Iterator
from threading import Event, Thread
from threading import enumerate as enumerate_threads

import pytest

from container.channels.prefetch import PREFETCH_DEPTH, prefetch
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.usefixtures("nothing_left")


def counting(last: int, *, seen: list[int]) -> Generator[int, None, None]:
    for number in range(last):
        seen.append(number)
        yield number


@pytest.mark.parametrize("last", [0, 1, PREFETCH_DEPTH, 100])
def test_every_item_comes_in_its_order(last: int) -> None:
    assert list(prefetch(counting(last, seen=[]))) == list(range(last))


def test_the_next_items_are_made_while_one_is_in_use() -> None:
    made = Event()

    def items() -> Generator[int, None, None]:
        yield from range(PREFETCH_DEPTH)
        made.set()
        yield PREFETCH_DEPTH

    iteration = prefetch(items())
    assert next(iteration) == 0
    assert made.wait(timeout=HANG_SECONDS)
    assert list(iteration) == list(range(1, PREFETCH_DEPTH + 1))


def test_a_fault_comes_after_the_items_before_it_and_keeps_its_type() -> None:
    def items() -> Generator[int, None, None]:
        yield from range(5)
        raise ZeroDivisionError("of item 5")

    iteration = prefetch(items())
    assert [next(iteration) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ZeroDivisionError, match="of item 5"):
        next(iteration)


def test_leaving_early_ends_what_it_reads_and_no_more_was_read_than_promised() -> None:
    seen: list[int] = []
    items = counting(1000, seen=seen)
    iteration = prefetch(items, halt := Event())
    assert next(iteration) == 0
    iteration.close()
    assert halt.is_set()
    assert len(seen) <= PREFETCH_DEPTH + 1
    assert list(items) == []


def test_leaving_wakes_who_waits_for_more() -> None:
    halt = Event()

    def items() -> Generator[int, None, None]:
        yield 0
        halt.wait()

    iteration = prefetch(items(), halt)
    assert next(iteration) == 0
    iteration.close()


@pytest.mark.parametrize("begun", [False, True])
def test_leaving_wakes_who_waits_for_another_who_reads_ahead(begun: bool) -> None:
    halt, waiting = Event(), Event()

    def items() -> Generator[int, None, None]:
        yield from range(PREFETCH_DEPTH + 1)
        waiting.set()
        halt.wait()

    def passed_on(inner: Iterator[int]) -> Generator[int, None, None]:
        yield from inner

    inner = prefetch(items(), halt)
    if begun:
        next(inner)
    outer = prefetch(passed_on(inner))
    next(outer)
    assert waiting.wait(timeout=HANG_SECONDS)
    leaving = Thread(target=outer.close)
    leaving.start()
    leaving.join(timeout=HANG_SECONDS)
    assert not leaving.is_alive()


def test_a_reader_that_nobody_holds_may_be_collected_by_its_own_thread() -> None:
    errors: list[object] = []
    held: list[object] = []
    alone = Event()

    def items() -> Generator[int, None, None]:
        yield 1
        yield 2
        alone.wait(HANG_SECONDS)
        held.clear()  # as where a collection of garbage falls into the thread
        yield 3

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "unraisablehook", errors.append)
        reading = prefetch(items())
        held.append(reading)
        assert next(reading) == 1
        thread = next(thread for thread in enumerate_threads() if thread.name.startswith("reader"))
        del reading
        alone.set()
        thread.join(HANG_SECONDS)
    assert not thread.is_alive()
    assert errors == []
