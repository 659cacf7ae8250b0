"""Errors that end a command with one line on stderr and an exit status.

Tests: tests/commands/test_main.py.
"""


class CommandError(Exception):
    """Data, a model or an output place is not usable: exit status 1."""

    status = 1


class UsageError(CommandError):
    """The arguments contradict each other or need one more: exit status 2."""

    status = 2
