"""What a user's mistake ends a command with: one line on stderr and an exit status."""


class Fault(Exception):
    """Data, a model or a place to write to that is not as it must be: exit status 1."""

    status = 1


class UsageFault(Fault):
    """Words that do not go together: exit status 2."""

    status = 2
