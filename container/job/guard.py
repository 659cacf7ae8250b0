"""A parent process that outlives the training process, to report it if it is killed."""

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from types import FrameType

from container.job.stop import StopRequest
from container.machine.forking import fork_dying_with_parent


def fork_guarded_child(environ: Mapping[str, str], stop: StopRequest) -> None:
    """Fork; return in the child, which runs the job. The parent never returns: it forwards signals and waits.

    The parent exits with the child's status. If the child was killed by a signal, as the kernel does without a message
    when memory is full, the parent logs the reason and writes it to output/failure, unless that file exists.
    """
    child = fork_dying_with_parent()
    if not child:
        return

    def forward_signal(number: int, frame: FrameType | None) -> None:
        with suppress(ProcessLookupError):  # it has ended, and what is left is to say so
            os.kill(child, number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, forward_signal)
    if stop.is_received:
        forward_signal(signal.SIGTERM, None)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status < 0:
        _report_kill(environ, -status)
        status = 1
    sys.stdout.flush()
    os._exit(status)


def _report_kill(environ: Mapping[str, str], number: int) -> None:
    """Report which signal killed the training process. Imports happen only here, to keep the parent small."""
    from container.contract.environment import is_live_terminal, read_job, read_paths
    from container.contract.errors import ClientError
    from container.job.failure import report_failure
    from container.job.log import JobLog
    from container.job.terminal import SHOW_CURSOR
    from container.machine.memory import memory_limit

    host = ""
    with suppress(ClientError):
        job = read_job(environ)
        host = f" of host {job.current_host!r}" if len(job.hosts) > 1 else ""
    what = f"the training process{host} was killed by signal {number} ({signal.Signals(number).name})"
    if number == signal.SIGKILL:
        here = f"there are {memory_limit() >> 20} MiB here"
        what += f", as the kernel does where the memory is full; {here}. Use an instance with more memory"
    paths = read_paths(environ)
    if is_live_terminal(environ, sys.stdout):
        sys.stdout.write(f"\n{SHOW_CURSOR}")  # below the bar that the child could not end
    if not paths.failure_file.exists():
        report_failure(paths, f"AlgorithmError: {what}.", JobLog("algo-1", "", sys.stdout, emits_metrics=False))
