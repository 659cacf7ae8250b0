"""A log that nobody reads."""

from io import StringIO

from container.log import Log


class Silence(Log):
    """Take every line and keep it to itself."""

    def __init__(self) -> None:
        super().__init__("algo-1", "Linear Learner", StringIO())
