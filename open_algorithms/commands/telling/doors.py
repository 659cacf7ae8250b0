"""Run the programs `train` and `serve`, at the top of the checkout or the image, as the platform does.

Tests: tests/commands/test_train.py, tests/commands/test_serve.py.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from open_algorithms.commands.telling.faults import CommandError

CHECKOUT = Path(__file__).resolve().parents[3]
FORWARDED_SIGNALS = {signal.SIGINT: signal.SIGINT, signal.SIGTERM: signal.SIGTERM, signal.SIGHUP: signal.SIGTERM}


def run_program(name: str, root: Path, environ: Mapping[str, str]) -> int:
    """Run a program with `root` as its base directory; it shares the terminal and receives our signals.

    Returns its exit status.
    """
    door = CHECKOUT / name
    if not door.is_file():
        raise CommandError(f"the program {door} is not there. Run from a checkout (make setup), or from the image.")
    with forward_signals() as children:
        child = subprocess.Popen([sys.executable, door], env={**environ, "SAGEMAKER_BASE_DIR": str(root)})
        children.append(child)
        status = child.wait()
    return status if status >= 0 else 128 - status


@contextmanager
def forward_signals() -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Forward signals to the child processes in the list; raise KeyboardInterrupt while it is empty."""
    children: list[subprocess.Popen[bytes]] = []

    def forward_signal(number: int, frame: FrameType | None) -> None:
        if not children:
            raise KeyboardInterrupt
        for child in children:
            child.send_signal(FORWARDED_SIGNALS[signal.Signals(number)])

    before = {number: signal.signal(number, forward_signal) for number in FORWARDED_SIGNALS}
    try:
        yield children
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
