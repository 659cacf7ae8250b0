"""The number of threads for MXNet's operators: by the amount of work, or fewer with the same bits.

Another thread pays off only for large products; small operators spend longer synchronising threads than computing.
"""

import ctypes
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from open_algorithms.learning.engine.expressions import Array
from open_algorithms.learning.engine.mxnet import mx

Workload = Callable[[], Sequence[Array]]
OPERATIONS_PER_THREAD = 5e6  # of the products of an update, that a thread must have to do
LONG_OPERATIONS = 5e9  # operations that take longer than a processor is given to somebody else, again and again


class Context(ctypes.Structure):
    """MXNet's C structure for the device that an operator runs on."""

    _fields_ = (("dev_type", ctypes.c_int), ("dev_id", ctypes.c_int32))


def useful_count(operations: float, processors: int) -> int:
    """Return how many threads to use for this many operations of products between two waits."""
    return max(1, min(processors, int(operations / OPERATIONS_PER_THREAD)))


def counts_to_try(operations: float, processors: int) -> list[int]:
    """Return the useful number of threads and the smaller ones to try, each about three quarters of the one before."""
    counts = [useful_count(operations, processors)]
    while operations < LONG_OPERATIONS and counts[-1] > 1:
        counts.append(counts[-1] * 3 // 4)
    return counts


def same_result_counts(counts: Sequence[int], work: Workload) -> list[int]:
    """Return those numbers of threads whose results are bitwise equal to those of the first, which is included.

    The order of summation depends on sizes, threads and processor, so the work is run with each number.
    """
    if len(counts) == 1:
        return [*counts]
    bits = {count: result_digest(count, work) for count in counts}
    return [count for count in counts if bits[count] == bits[counts[0]]]


def result_digest(count: int, work: Workload) -> bytes:
    """Return a digest of the results of some work with this many threads."""
    set_count(count)
    digest = sha256()
    for array in work():
        digest.update(array.asnumpy().data)
    return digest.digest()


@dataclass
class ThreadSetting:
    """The number of threads that operators use now, and a token: an array that only `set_count` writes."""

    token: Array
    count: int = 0


@cache
def current_setting() -> ThreadSetting:
    """Return the one setting of MXNet's engine."""
    return ThreadSetting(mx.nd.zeros((1,)))


os.register_at_fork(after_in_child=current_setting.cache_clear)  # the engine of a child has threads of its own


def set_count(count: int) -> None:
    """Set the number of threads for operators called from now on.

    OpenMP keeps this number for each thread that starts a team, so it is set in the engine's thread that runs
    operators.
    """
    now = current_setting()
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
