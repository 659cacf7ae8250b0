"""Why a job fails: the reason for the user, in the log, on stderr and in output/failure.

Tests: tests/container/test_training.py, tests/container/job/test_guard.py.
"""

import errno
import os
import stat
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from container.channels.channel import Channel
from container.contract.environment import Paths
from container.contract.errors import ClientError
from container.contract.outcome import STOPPED_STATUS, JobOver, Outcome
from container.job.log import JobLog
from container.job.program import Task


def explain_end(
    error: Exception | KeyboardInterrupt, task: Task, user_errors: tuple[type[Exception], ...], paths: Paths
) -> Outcome:
    """Return how the job ends because of `error`; log the traceback of one that is nobody's fault but ours."""
    match error:
        case JobOver():
            return error.outcome
        case KeyboardInterrupt():
            return Outcome(STOPPED_STATUS, "Stopped before there was a model; none is saved.")
        case Exception() if isinstance(error, (ClientError, *user_errors)):
            return Outcome(1, f"ClientError: {error}{_locate_fault(error, task.channels)}")
        case MemoryError():
            advice = "Use an instance with more memory, or less data"
            return Outcome(1, f"AlgorithmError: not enough memory ({str(error) or 'no details'}). {advice}.")
        case OSError(errno=errno.ENOSPC):
            where = paths.display_name(Path(error.filename or paths.root))
            return Outcome(1, f"AlgorithmError: no space left on the disk ({where}). Give the job a larger volume.")
        case _:
            task.log.error("".join(traceback.format_exception(error)).rstrip())
            return Outcome(1, f"AlgorithmError: {type(error).__name__}: {error}")


def _locate_fault(error: Exception | KeyboardInterrupt, channels: Mapping[str, Channel]) -> str:
    """Return a sentence that names the file of the fault, if the error names a channel and a row; else ""."""
    channel, row = channels.get(getattr(error, "channel", "")), getattr(error, "row", None)
    return f" It is {channel.locate_row(row)}." if channel and row else ""


def report_failure(paths: Paths, reason: str, log: JobLog) -> int:
    """Log why the job failed and write it to output/failure, unless that file exists; return the exit status 1."""
    log.error(reason)
    repeat_on_stderr(paths, reason)
    try:
        paths.output.mkdir(parents=True, exist_ok=True)
        with paths.failure_file.open("x", encoding="utf-8", errors="backslashreplace") as file:
            file.write(reason)
    except OSError as error:
        log.error(f"{paths.display_name(paths.failure_file)} could not be written: {error.strerror}")
    return 1


def repeat_on_stderr(paths: Paths, reason: str) -> None:
    """Repeat a message on stderr if stdout is not visible: a file, the null device, or read by another program.

    Nothing is repeated where both streams go to the same place, as on a terminal or in a container's log.
    """
    with suppress(AttributeError, OSError):  # there is no stream, or none that has a number
        log, here = os.fstat(sys.stdout.fileno()), os.fstat(sys.stderr.fileno())
        lost = os.path.samestat(log, os.stat(os.devnull))
        unseen = paths.display_names or lost or stat.S_ISREG(log.st_mode) or sys.stderr.isatty()
        if unseen and not os.path.samestat(log, here):
            print(f"train: {reason}", file=sys.stderr, flush=True)
