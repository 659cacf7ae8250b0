"""How many threads MXNet's operators share their work among: by a rule of its size, so that the same job does the same.

A thread more is worth its while only for large products; between small operators threads wait for each other longer
than they work.
"""

import ctypes
from functools import cache
from typing import Any

from linear_learner.engine import mx

OPERATIONS = 5e6  # of the products of an update, that a thread must have to do


class Context(ctypes.Structure):
    """MXNet's own structure for the device that an operator runs on."""

    _fields_ = (("dev_type", ctypes.c_int), ("dev_id", ctypes.c_int32))


def worthwhile(operations: float, processors: int) -> int:
    """Return how many threads to use for so many operations of products between two waits."""
    return max(1, min(processors, int(operations / OPERATIONS)))


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
