"""How many threads MXNet's operators share work among: by a rule of its size, or fewer that end with the same bits.

A thread more is worth its while only for large products; between small operators threads wait for each other longer
than they work.
"""

import ctypes
from collections.abc import Callable, Iterator, Sequence
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


def fewer(count: int) -> Iterator[int]:
    """Yield numbers of threads from this one down to 1, each about three quarters of the one before."""
    while count:
        yield count
        count = count * 3 // 4


def interchangeable(operations: float, processors: int, work: Work) -> tuple[int, ...]:
    """Return how many threads are worth it for some work, and what fewer end with the same bits here.

    How a sum is cut depends on its size, on the threads and on the processor, so the work is done with each number.
    """
    most = worthwhile(operations, processors)
    counts = list(fewer(most)) if operations < LONG else [most]
    if len(counts) == 1:
        return (most,)
    bits = {count: done_by(count, work) for count in counts}
    return tuple(count for count in counts if bits[count] == bits[most])


def done_by(count: int, work: Work) -> bytes:
    """Give a digest of what so many threads make of some work."""
    use(count)
    digest = sha256()
    for array in work():
        digest.update(array.asnumpy())
    return digest.digest()


def use(count: int) -> None:
    """Let the operators that are called from now on use so many threads.

    OpenMP keeps the number for each thread that starts others: it is set in the one that runs MXNet's operators.
    """
    library, token = mx.base._LIB, array()
    operator = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(lambda *_: library.MXSetNumOMPThreads(count))
    changes = (ctypes.c_void_p * 1)(token.handle)
    context = ctypes.byref(Context(mx.cpu().device_typeid, 0))
    mx.base.check_call(
        library.MXEnginePushSyncND(operator, None, None, context, None, 0, changes, 1, None, 0, b"threads")
    )
    token.wait_to_read()


@cache
def array() -> Any:
    """Return an array that only `use` changes."""
    return mx.nd.zeros((1,))
