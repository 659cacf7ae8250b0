"""Waiting for what happens: as long as it takes, but for a hang."""

import time
from collections.abc import Callable

HANG_SECONDS = 300.0  # what takes longer hangs, however slow the machine


def wait_until(is_so: Callable[[], object], describe: Callable[[], str] = str) -> None:
    """Return once the condition is true; where it hangs, fail with a description of what is there instead."""
    deadline = time.monotonic() + HANG_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, describe()
        time.sleep(0.01)
