"""The platform's wish that a job end soon, heeded where the job says that it can be."""

import signal
from types import FrameType


class Stop:
    """Whether the job was asked to stop, by SIGTERM or from a keyboard.

    A signal only leaves word, so that it can interrupt nothing half way; `heeded` says whether anybody took it.
    """

    def __init__(self) -> None:
        self.asked = False
        self.heeded = False

    def listen(self) -> None:
        """Take the signals of this process."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def heed(self) -> None:
        """Raise KeyboardInterrupt if the job was asked to stop: whoever calls can be ended here."""
        if self.asked:
            self.heeded = True
            raise KeyboardInterrupt

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
