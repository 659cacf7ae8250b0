"""Companions of the training process: child processes that each run one service beside it, without end.

Tests: tests/container/team/test_rendezvous.py.
"""

import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from threading import Thread
from typing import NoReturn

from container.machine.forking import fork_dying_with_parent
from container.team import link
from container.team.link import AwakeClock, Link

GRACE_SECONDS = 5.0  # seconds of a silent parent beyond those after which the other hosts speak of it


class Companion:
    """A child process that runs `target()`. It ignores the job's signals and never outlives its parent.

    Parent and child exchange heartbeats. If the parent is silent for `silence_seconds`, as a frozen process is, the
    child calls `on_silence()` and kills it, so that the host ends.
    """

    def __init__(
        self, name: str, target: Callable[[], None], on_silence: Callable[[], object], silence_seconds: float
    ) -> None:
        self.name = name
        ours, theirs = socket.socketpair()
        parent, self._process = os.getpid(), fork_dying_with_parent()
        if not self._process:
            _run_child(target, parent, Link(theirs), on_silence, silence_seconds)
        theirs.close()
        self.link = Link(ours)

    def describe_end(self) -> str:
        """Return how the process ended; only valid once its link is closed."""
        end = os.waitid(os.P_PID, self._process, os.WEXITED | os.WNOWAIT)  # its number stays its own
        assert end is not None
        if end.si_code == os.CLD_EXITED:
            return f"has ended with status {end.si_status}"
        what = f"was killed by signal {end.si_status} ({signal.Signals(end.si_status).name})"
        return what + (", as the kernel does where the memory is full" if end.si_status == signal.SIGKILL else "")


def start_companions(roles: dict[str, Callable[[], None]], on_silence: Callable[[], object]) -> list[Companion]:
    """Start one companion for each role.

    Their limits of silence are staggered, so that only one of them reports a hanging parent.
    """
    return [
        Companion(name, work, on_silence, link.SILENCE_SECONDS + number * GRACE_SECONDS)
        for number, (name, work) in enumerate(roles.items(), 1)
    ]


def _run_child(
    target: Callable[[], None], parent: int, parent_link: Link, on_silence: Callable[[], object], silence_seconds: float
) -> NoReturn:
    status = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT):  # a terminal sends it to all; the job decides when we end
            signal.signal(number, signal.SIG_IGN)
        Thread(target=_watch_parent, args=(parent, parent_link, on_silence, silence_seconds), daemon=True).start()
        target()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _watch_parent(parent: int, parent_link: Link, on_silence: Callable[[], object], silence_seconds: float) -> None:
    clock = AwakeClock()
    while parent_link.silent_seconds < silence_seconds:
        parent_link.send_message("beat")
        time.sleep(link.HEARTBEAT_SECONDS)
        parent_link.silent_seconds += clock.take_elapsed()
        parent_link.receive_messages()
    on_silence()
    os.kill(parent, signal.SIGKILL)
