"""Control-C during a fit: the first is a request to stop with the best model so far, the second ends it at once."""

import math
import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any

SECONDS_TO_SECOND = 2.0  # within which a Control-C follows the one before it, which may have ended another fit


class InterruptWatch:
    """Notes the first Control-C while it is entered, in the main thread, where nobody else handles SIGINT."""

    last_time = -math.inf

    def __init__(self) -> None:
        self.noted = self.ended = False
        self._before: Any = None

    def __enter__(self) -> "InterruptWatch":
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def raise_if_stopped(self) -> None:
        """Raise KeyboardInterrupt once there was a Control-C."""
        if self.noted:
            raise KeyboardInterrupt

    def raise_if_ended(self) -> None:
        """Raise KeyboardInterrupt where the second Control-C was taken for the first by what it interrupted."""
        if self.ended:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        self.ended = self.noted or now - InterruptWatch.last_time < SECONDS_TO_SECOND
        self.noted, InterruptWatch.last_time = True, now
        if self.ended:
            raise KeyboardInterrupt
