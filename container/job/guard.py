"""A parent process that outlives the training process, to report it if it is killed."""

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress

from container.job.stop import StopRequest
from container.machine.forking import fork_dying_with_parent

FORWARDED_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def fork_guarded_child(environ: Mapping[str, str], stop: StopRequest) -> None:
    """Fork; return in the child, which runs the job. The parent never returns: it forwards signals and waits.

    The parent exits with the child's status. If the child was killed by a signal, as the kernel does without a message
    when memory is full, the parent logs the reason and writes it to output/failure, unless that file exists.
    """
    # Blocked from before the fork, a signal waits until it is asked for: of one that comes just before the call that
    # waits for the child, a handler would hear only after the child's end.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {*FORWARDED_SIGNALS, signal.SIGCHLD})
    child = fork_dying_with_parent()
    if not child:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    if stop.is_received:
        os.kill(child, signal.SIGTERM)
    status = _forward_signals_until_end(child)
    if status < 0:
        _report_kill(environ, -status)
        status = 1
    sys.stdout.flush()
    os._exit(status)


def _forward_signals_until_end(child: int) -> int:
    """Forward the signals that arrive to the child; return how it ended, a signal as a negative number."""
    while True:
        if (number := signal.sigwait({*FORWARDED_SIGNALS, signal.SIGCHLD})) in FORWARDED_SIGNALS:
            os.kill(child, number)  # one that has ended keeps its number until it is waited for
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)


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
