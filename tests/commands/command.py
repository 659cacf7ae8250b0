"""A command line that is run in this process, and how it ended."""

from collections.abc import Callable
from typing import NamedTuple


class Ended(NamedTuple):
    """How a command ended and what it said."""

    status: int
    out: str
    complaint: str


Command = Callable[..., Ended]
