"""A process that outlives the work: where the work is killed, it is left to say so."""

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from types import FrameType

from container.forking import fork
from container.stop import Stop


def guard(environ: Mapping[str, str], stop: Stop) -> None:
    """Return in a child process, which is to do the job, and never in this one: it waits, passes signals on and ends.

    It ends as the child does. Where the kernel killed the child, which it does without a word when the memory is
    full, the reason goes to the log and to output/failure, unless whoever killed it has left one there.
    """
    child = fork()
    if not child:
        return

    def pass_on(number: int, frame: FrameType | None) -> None:
        with suppress(ProcessLookupError):  # it has ended, and what is left is to say so
            os.kill(child, number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    if stop.asked:
        pass_on(signal.SIGTERM, None)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status < 0:
        _report(environ, -status)
        status = 1
    sys.stdout.flush()
    os._exit(status)


def _report(environ: Mapping[str, str], number: int) -> None:
    """Say what killed the work; what that takes is imported only now, so that the guard weighs little."""
    from container.environment import read_job, read_paths, shows_progress
    from container.errors import ClientError
    from container.memory import memory_limit
    from container.progress import SHOW_CURSOR
    from container.training import fail

    host = ""
    with suppress(ClientError):
        job = read_job(environ)
        host = f" of host {job.current_host!r}" if len(job.hosts) > 1 else ""
    what = f"the training process{host} was killed by signal {number} ({signal.Signals(number).name})"
    if number == signal.SIGKILL:
        here = f"there are {memory_limit() >> 20} MiB here"
        what += f", as the kernel does where the memory is full; {here}. Use an instance with more memory"
    paths = read_paths(environ)
    if shows_progress(environ, sys.stdout):
        sys.stdout.write(f"\n{SHOW_CURSOR}")  # below the bar that the child could not end
    if not paths.failure.exists():
        fail(paths, f"AlgorithmError: {what}.")
