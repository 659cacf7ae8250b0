"""MXNet's KVStore as a sum over hosts: called through its C interface, without its Python, which unpickles what comes.

Every host runs a worker, which is the process that trains, and a server, which adds up a part of every message; host 0
also runs the scheduler, by which they find each other.
"""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.compiled import ndarray
from linear_learner.engine import mx

Floats = NDArray[Any]
Address = tuple[str, int]
WORKER, SERVER, SCHEDULER = "worker", "server", "scheduler"


def run_role(role: str, hosts: int, root: Address, address: str) -> None:
    """Be the scheduler at `root`, or the server of the host at `address`, until the process is ended."""
    library, handle = mx.base._LIB, create(role, hosts, root, address)
    controller = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
    mx.base.check_call(library.MXKVStoreRunServer(handle, controller(refuse), None))


def refuse(head: int, body: bytes, server: int | None) -> None:
    """Do nothing of what a message asks for: nobody in a job sends any such."""


def create(role: str, hosts: int, root: Address, address: str) -> Any:
    """Take a role in the exchange of so many hosts; return MXNet's handle."""
    library, handle = mx.base._LIB, ctypes.c_void_p()
    settings = {
        "DMLC_ROLE": role,
        "DMLC_NUM_WORKER": str(hosts),
        "DMLC_NUM_SERVER": str(hosts),
        "DMLC_PS_ROOT_URI": root[0],
        "DMLC_PS_ROOT_PORT": str(root[1]),
        "DMLC_NODE_HOST": address,
    }
    mx.base.check_call(library.MXInitPSEnv(len(settings), texts(settings), texts(list(settings.values()))))
    mx.base.check_call(library.MXKVStoreCreate(b"dist_sync", ctypes.byref(handle)))
    return handle


def texts(values: Sequence[str] | dict[str, str]) -> Any:
    """Hand texts to C."""
    return (ctypes.c_char_p * len(values))(*(value.encode() for value in values))


class Adder:
    """Adds up arrays of float32 over all hosts: each size of array is a key of the store."""

    def __init__(self, hosts: int, root: Address, address: str) -> None:
        """Join the others, who are waited for."""
        self.handle = create(WORKER, hosts, root, address)
        self.keys: dict[int, Any] = {}

    def __call__(self, sent: Floats, total: Floats) -> None:
        """Set `total` (n,) to the sum of what the hosts have sent."""
        library, ours, theirs = mx.base._LIB, ndarray(sent), ndarray(total)
        size = len(sent)
        if size not in self.keys:
            self.keys[size] = (ctypes.c_int * 1)(len(self.keys))
            zeros = ndarray(np.zeros_like(sent))
            mx.base.check_call(library.MXKVStoreInit(self.handle, 1, self.keys[size], handles(zeros)))
        key = self.keys[size]
        mx.base.check_call(library.MXKVStorePushPull(self.handle, 1, key, 1, key, handles(ours), handles(theirs), 0))
        theirs.wait_to_read()


def handles(array: Any) -> Any:
    """Hand one array of MXNet's to C."""
    return (ctypes.c_void_p * 1)(array.handle)
