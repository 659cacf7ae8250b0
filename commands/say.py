"""Tell people what they should know; stdout belongs to what a command makes."""

import sys


def say(what: str) -> None:
    """Write a line on stderr, in the name of the program."""
    print(f"linear_learner: {what}", file=sys.stderr, flush=True)
