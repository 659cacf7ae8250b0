"""A log that writes nowhere."""

from io import StringIO

from container.job.log import JobLog


class SilentLog(JobLog):
    """A log that discards every line."""

    def __init__(self) -> None:
        super().__init__("algo-1", "Linear Learner", StringIO())
