"""Companions of the training process: child processes that each run one service beside it, without end."""

import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from threading import Thread
from typing import NoReturn

from container.machine.forking import fork
from container.team import link
from container.team.link import Clock, Link

GRACE = 5.0  # seconds of a silent parent beyond those after which the other hosts speak of it


class Companion:
    """A child process that runs `target()`. It ignores the job's signals and never outlives its parent.

    Parent and child exchange heartbeats. If the parent is silent for `silence_seconds`, as a frozen process is, the
    child calls `on_silence()` and kills it, so that the host ends.
    """

    def __init__(self, name: str, work: Callable[[], None], despair: Callable[[], object], patience: float) -> None:
        self.name = name
        ours, theirs = socket.socketpair()
        parent, self._process = os.getpid(), fork()
        if not self._process:
            _live(work, parent, Link(theirs), despair, patience)
        theirs.close()
        self.link = Link(ours)

    def fate(self) -> str:
        """Return how the process ended; only valid once its link is closed."""
        end = os.waitid(os.P_PID, self._process, os.WEXITED | os.WNOWAIT)  # its number stays its own
        assert end is not None
        if end.si_code == os.CLD_EXITED:
            return f"has ended with status {end.si_status}"
        what = f"was killed by signal {end.si_status} ({signal.Signals(end.si_status).name})"
        return what + (", as the kernel does where the memory is full" if end.si_status == signal.SIGKILL else "")


def start(roles: dict[str, Callable[[], None]], despair: Callable[[], object]) -> list[Companion]:
    """Start one companion for each role.

    Their limits of silence are staggered, so that only one of them reports a hanging parent.
    """
    return [
        Companion(name, work, despair, link.SILENCE + number * GRACE)
        for number, (name, work) in enumerate(roles.items(), 1)
    ]


def _live(
    work: Callable[[], None], parent: int, bond: Link, despair: Callable[[], object], patience: float
) -> NoReturn:
    status = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT):  # a terminal sends it to all; the job decides when we end
            signal.signal(number, signal.SIG_IGN)
        Thread(target=_watch, args=(parent, bond, despair, patience), daemon=True).start()
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _watch(parent: int, bond: Link, despair: Callable[[], object], patience: float) -> None:
    clock = Clock()
    while bond.quiet < patience:
        bond.send("beat")
        time.sleep(link.BEAT)
        bond.quiet += clock.step()
        bond.receive()
    despair()
    os.kill(parent, signal.SIGKILL)
