"""Run the programs `train` and `serve` as the platform does: each in a process of its own.

Tests: tests/commands/test_train.py, tests/commands/test_serve.py.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

PROGRAMS = "open_algorithms.doors.programs"
FORWARDED_SIGNALS = {signal.SIGINT: signal.SIGINT, signal.SIGTERM: signal.SIGTERM, signal.SIGHUP: signal.SIGTERM}
SIGNAL_SECONDS = 0.1  # until a signal is sent on


def run_program(name: str, root: Path, environ: Mapping[str, str]) -> int:
    """Run a program with `root` as its base directory; it shares the terminal and receives our signals.

    Returns its exit status.
    """
    with collect_signals() as received:
        child = subprocess.Popen(program_words(name), env={**environ, "SAGEMAKER_BASE_DIR": str(root)})
        status = None
        while status is None:
            while received:
                child.send_signal(received.pop(0))
            with suppress(subprocess.TimeoutExpired):
                status = child.wait(SIGNAL_SECONDS)
    return status if status >= 0 else 128 - status


def program_words(name: str) -> list[str]:
    """Return the words that start a program, which finds modules where this process does, whatever its folder holds."""
    code = f"import sys; sys.path[:] = {sys.path!r}; from {PROGRAMS} import {name}; {name}()"
    return [sys.executable, "-c", code]


@contextmanager
def collect_signals() -> Iterator[list[signal.Signals]]:
    """Collect the signals that are to be sent on, in a list."""
    received: list[signal.Signals] = []

    def collect_signal(number: int, frame: FrameType | None) -> None:
        received.append(FORWARDED_SIGNALS[signal.Signals(number)])

    before = {number: signal.signal(number, collect_signal) for number in FORWARDED_SIGNALS}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
