"""A child process that never outlives its parent.

Tests: tests/container/job/test_guard.py, tests/container/team/test_rendezvous.py.
"""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1


def fork_dying_with_parent() -> int:
    """Fork as os.fork does; the kernel kills the child once the parent's thread ends, however it ends."""
    parent, child = os.getpid(), os.fork()
    if not child:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    return child
