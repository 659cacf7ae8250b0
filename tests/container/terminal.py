"""A pseudo-terminal: what is written to it, as its screen would get it."""

import fcntl
import os
import re
import struct
import termios
import threading
from typing import Any

from tests.waiting import HANG_SECONDS

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


class PseudoTerminal:
    """A terminal whose screen nobody sees, and all that was written to it."""

    def __init__(self, columns: int = 100) -> None:
        self._master, self.end = os.openpty()
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self._began = termios.tcgetattr(self.end)
        self._content = bytearray()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def text(self) -> str:
        """What has come so far."""
        return self._content.decode()

    @property
    def lines(self) -> list[str]:
        """What has come so far, each frame of a bar anew, without what moves the cursor and colours."""
        return re.split(r"[\r\n]+", re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", self.text))

    def close(self) -> None:
        """See that the terminal is as it was, and take all that was written to it."""
        assert termios.tcgetattr(self.end) == self._began
        os.close(self.end)
        self._reader.join(HANG_SECONDS)
        os.close(self._master)
        assert self.text.rfind(HIDE) <= self.text.rfind(SHOW)

    def _read(self) -> None:
        try:
            while content := os.read(self._master, 1 << 16):
                self._content += content
        except OSError:
            pass  # nobody holds the other end any more

    def __enter__(self) -> "PseudoTerminal":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
