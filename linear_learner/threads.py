"""How many threads MXNet's operators share work among: by a rule of its size, or fewer that end with the same bits.

A thread more is worth its while only for large products; between small operators threads wait for each other longer
than they work.
"""

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from linear_learner.engine import mx

Work = Callable[[], Sequence[Any]]  # gives MXNet's arrays
OPERATIONS = 5e6  # of the products of an update, that a thread must have to do
LONG = 5e9  # operations that take longer than a processor is given to somebody else, again and again


class Context(ctypes.Structure):
    """MXNet's own structure for the device that an operator runs on."""

    _fields_ = (("dev_type", ctypes.c_int), ("dev_id", ctypes.c_int32))


def worthwhile(operations: float, processors: int) -> int:
    """Return how many threads to use for so many operations of products between two waits."""
    return max(1, min(processors, int(operations / OPERATIONS)))


def numbers(operations: float, processors: int) -> list[int]:
    """Return how many threads are worth it, and which fewer there are to choose from, each about three quarters."""
    counts = [worthwhile(operations, processors)]
    while operations < LONG and counts[-1] > 1:
        counts.append(counts[-1] * 3 // 4)
    return counts


def interchangeable(counts: Sequence[int], work: Work) -> list[int]:
    """Return which numbers of threads end some work with the bits of the first, itself among them.

    How a sum is cut depends on its size, on the threads and on the processor, so the work is done with each.
    """
    if len(counts) == 1:
        return [*counts]
    bits = {count: done_by(count, work) for count in counts}
    return [count for count in counts if bits[count] == bits[counts[0]]]


def done_by(count: int, work: Work) -> bytes:
    """Give a digest of what so many threads make of some work."""
    use(count)
    digest = sha256()
    for array in work():
        digest.update(array.asnumpy())
    return digest.digest()


@dataclass
class InUse:
    """How many threads operators use by now, and an array that only `use` changes."""

    token: Any
    count: int = 0


@cache
def in_use() -> InUse:
    """Return what there is once for MXNet's one engine."""
    return InUse(mx.nd.zeros((1,)))


def use(count: int) -> None:
    """Let the operators that are called from now on use so many threads.

    OpenMP keeps the number for each thread that starts others: it is set in the one that runs MXNet's operators.
    """
    now = in_use()
    if count == now.count:
        return
    library, now.count = mx.base._LIB, count
    operator = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(lambda *_: library.MXSetNumOMPThreads(count))
    changes = (ctypes.c_void_p * 1)(now.token.handle)
    context = ctypes.byref(Context(mx.cpu().device_typeid, 0))
    mx.base.check_call(
        library.MXEnginePushSyncND(operator, None, None, context, None, 0, changes, 1, None, 0, b"threads")
    )
    now.token.wait_to_read()
