"""Messages to the user on stderr; stdout is reserved for a command's output.

Tests: tests/commands/test_main.py, tests/commands/test_evaluate.py.
"""

import shlex
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from container.job.log import JobLog
from open_algorithms.doors.algorithms import DEFAULT

_word = DEFAULT  # what the command is called: the word of its algorithm


def name_program(word: str) -> None:
    """Set what the command is called, in all threads: those that read data print messages, too."""
    global _word
    _word = word


def print_message(what: str) -> None:
    """Print a line on stderr, prefixed with the program's name; a line that cannot be written is lost."""
    with suppress(OSError):
        print(f"{_word}: {what}", file=sys.stderr, flush=True)


def program_name() -> str:
    """Return the program's name as the user's shell finds it: bare if it is on PATH, else as it was called."""
    called, found = Path(sys.argv[0]), shutil.which(_word)
    if called.name != _word or (found and called.exists() and called.samefile(found)):
        return _word
    return shlex.quote(sys.argv[0])


class MessageLog(JobLog):
    """A log without metrics, whose lines are messages."""

    def __init__(self) -> None:
        super().__init__("", "", sys.stderr, emits_metrics=False)

    def info(self, text: str) -> None:
        """Print a message."""
        print_message(text)

    def warning(self, text: str) -> None:
        """Print a message."""
        print_message(text)
