"""How a job ends.

Tests: tests/container/test_training.py, tests/container/team/test_rendezvous.py.
"""

import signal
from typing import NamedTuple

STOPPED_STATUS = 128 + signal.SIGTERM  # the exit status of a job that was stopped before there was a model


class Outcome(NamedTuple):
    """How a job ends: exit status and reason."""

    status: int
    reason: str = ""


class JobOver(Exception):
    """The job has ended, on this host or on another."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome
