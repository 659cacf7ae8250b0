"""Messages to the user on stderr; stdout is reserved for a command's output."""

import shlex
import shutil
import sys
from contextlib import suppress
from pathlib import Path

PROGRAM = "linear_learner"


def print_message(what: str) -> None:
    """Print a line on stderr, prefixed with the program's name; a line that cannot be written is lost."""
    with suppress(OSError):
        print(f"{PROGRAM}: {what}", file=sys.stderr, flush=True)


def program_name() -> str:
    """Return the program's name as the user's shell finds it: bare if it is on PATH, else as it was called."""
    called, found = Path(sys.argv[0]), shutil.which(PROGRAM)
    if called.name != PROGRAM or (found and called.exists() and called.samefile(found)):
        return PROGRAM
    return shlex.quote(sys.argv[0])
