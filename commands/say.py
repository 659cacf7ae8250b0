"""Tell people what they should know; stdout belongs to what a command makes."""

import shlex
import shutil
import sys
from contextlib import suppress
from pathlib import Path

NAME = "linear_learner"


def say(what: str) -> None:
    """Write a line on stderr, in the name of the program; where that cannot be, only the line is lost."""
    with suppress(OSError):
        print(f"{NAME}: {what}", file=sys.stderr, flush=True)


def program() -> str:
    """Name the program so that a shell finds it: as it was called, unless its bare name is enough."""
    called, found = Path(sys.argv[0]), shutil.which(NAME)
    if called.name != NAME or (found and called.exists() and called.samefile(found)):
        return NAME
    return shlex.quote(sys.argv[0])
