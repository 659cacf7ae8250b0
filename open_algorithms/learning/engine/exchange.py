"""All-reduce over hosts with MXNet's KVStore, called through its C API: its Python API unpickles what it receives.

Every host runs a worker, which is the training process, and a server, which sums a part of every array. Host 0 also
runs the scheduler, the rendezvous of all others.

Tests: tests/linear_learner/training/test_hosts.py, tests/contract/several_hosts/test_strangers.py.
"""

import ctypes
from collections.abc import Sequence

import numpy as np

from open_algorithms.learning.engine.expressions import Array
from open_algorithms.learning.engine.graph import as_ndarray
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.types.arrays import Float32s

Address = tuple[str, int]
WORKER, SERVER, SCHEDULER = "worker", "server", "scheduler"


def run_role(role: str, host_count: int, root: Address, address: str) -> None:
    """Run as the scheduler at `root`, or as the server of the host at `address`, until the process is ended."""
    library, handle = mx.base._LIB, create_kvstore(role, host_count, root, address)
    controller = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
    mx.base.check_call(library.MXKVStoreRunServer(handle, controller(ignore_command), None))


def ignore_command(head: int, body: bytes, server: int | None) -> None:
    """Ignore a command; no host of a job sends any."""


def create_kvstore(role: str, host_count: int, root: Address, address: str) -> ctypes.c_void_p:
    """Join the KVStore of `host_count` hosts in a role; return MXNet's handle."""
    library, handle = mx.base._LIB, ctypes.c_void_p()
    settings = {
        "DMLC_ROLE": role,
        "DMLC_NUM_WORKER": str(host_count),
        "DMLC_NUM_SERVER": str(host_count),
        "DMLC_PS_ROOT_URI": root[0],
        "DMLC_PS_ROOT_PORT": str(root[1]),
        "DMLC_NODE_HOST": address,
    }
    mx.base.check_call(library.MXInitPSEnv(len(settings), c_strings(settings), c_strings(list(settings.values()))))
    mx.base.check_call(library.MXKVStoreCreate(b"dist_sync", ctypes.byref(handle)))
    return handle


def c_strings(values: Sequence[str] | dict[str, str]) -> "ctypes.Array[ctypes.c_char_p]":
    """Return texts as a C array of strings."""
    return (ctypes.c_char_p * len(values))(*(value.encode() for value in values))


class KVStoreSum:
    """Sums float32 arrays over all hosts; each array size is a key of the store."""

    def __init__(self, host_count: int, root: Address, address: str) -> None:
        """Connect to the other hosts, waiting until they are there."""
        self.handle = create_kvstore(WORKER, host_count, root, address)
        self.keys: dict[int, ctypes.Array[ctypes.c_int]] = {}

    def __call__(self, sent: Float32s, total: Float32s) -> None:
        """Set `total` (n,) to the sum of all hosts' `sent` (n,)."""
        library, ours, theirs = mx.base._LIB, as_ndarray(sent), as_ndarray(total)
        size = len(sent)
        if size not in self.keys:
            self.keys[size] = (ctypes.c_int * 1)(len(self.keys))
            zeros = as_ndarray(np.zeros_like(sent))
            mx.base.check_call(library.MXKVStoreInit(self.handle, 1, self.keys[size], c_handle(zeros)))
        key = self.keys[size]
        mx.base.check_call(library.MXKVStorePushPull(self.handle, 1, key, 1, key, c_handle(ours), c_handle(theirs), 0))
        theirs.wait_to_read()


def c_handle(array: Array) -> "ctypes.Array[ctypes.c_void_p]":
    """Return an MXNet array as a C array of one handle."""
    return (ctypes.c_void_p * 1)(array.handle)
