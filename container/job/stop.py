"""The request to stop a job: signals set a flag, the job checks it where it can be interrupted.

Tests: tests/container/test_training.py.
"""

import signal
from types import FrameType


class StopRequest:
    """Whether the job was asked to stop, by SIGTERM or SIGINT.

    The signal handler only sets `is_received`, so that nothing is interrupted halfway. `is_honoured` tells whether
    `raise_if_received` has raised.
    """

    def __init__(self) -> None:
        self.is_received = False
        self.is_honoured = False

    def install_handlers(self) -> None:
        """Install handlers for SIGTERM and SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._record_signal)

    def raise_if_received(self) -> None:
        """Raise KeyboardInterrupt if the job was asked to stop."""
        if self.is_received:
            self.is_honoured = True
            raise KeyboardInterrupt

    def _record_signal(self, number: int, frame: FrameType | None) -> None:
        self.is_received = True
