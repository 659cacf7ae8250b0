"""The request to stop a job, as learning sees it: a callback that raises."""

from collections.abc import Callable

StopCheck = Callable[[], None]  # raises KeyboardInterrupt once the job is asked to stop


def never_stop() -> None:
    """Do nothing: nobody asks to stop."""
