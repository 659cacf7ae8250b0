"""The arguments that say what data a command is given, in words for an algorithm.

Tests: tests/commands/test_main.py.
"""

from open_algorithms.commands.parsing.values import parse_separator
from open_algorithms.commands.parsing.words import CommandParser

DATA_HELP = "a file of {rows}, or a folder of such files"
CONTENT_TYPE_HELP = "what the data is, such as text/csv; else its names and first bytes decide"
SEPARATOR_HELP = "the sign between the fields of CSV: comma, semicolon, tab or pipe; else its first line shows it"


def describe_data(rows: str) -> str:
    """Return the help of an argument that names files.

    >>> describe_data("labelled rows")
    'a file of labelled rows, or a folder of such files'
    """
    return DATA_HELP.format(rows=rows)


def add_type(command: CommandParser) -> None:
    """Declare what files hold, and what separates the fields of CSV."""
    command.add_argument("--content-type", metavar="TYPE", help=CONTENT_TYPE_HELP)
    command.add_argument("--separator", type=parse_separator, metavar="SIGN", help=SEPARATOR_HELP)
