"""The request to stop a job: signals set a flag, the job checks it where it can be interrupted."""

import signal
from types import FrameType


class Stop:
    """Whether the job was asked to stop, by SIGTERM or SIGINT.

    The signal handler only sets `is_received`, so that nothing is interrupted halfway. `is_honoured` tells whether
    `raise_if_received` has raised.
    """

    def __init__(self) -> None:
        self.asked = False
        self.heeded = False

    def listen(self) -> None:
        """Install handlers for SIGTERM and SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def heed(self) -> None:
        """Raise KeyboardInterrupt if the job was asked to stop."""
        if self.asked:
            self.heeded = True
            raise KeyboardInterrupt

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
