"""The values of arguments: paths, assignments, signs, ports and hyperparameters, refused where they are none.

Tests: tests/commands/test_main.py.
"""

import argparse
import re
from pathlib import Path

from container.codecs.delimited.fields import DELIMITER_NAMES
from container.codecs.delimited.parameters import read_delimiter
from container.contract.errors import DecodeError
from open_algorithms.learning.options.declaration import Declaration


def parse_path(text: str) -> Path:
    """Parse the path of a file or folder; reject URLs."""
    if not text:
        raise argparse.ArgumentTypeError("expected the name of a file or a folder, found an empty one")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        raise argparse.ArgumentTypeError(
            f"{text} is an address; expected a file or a folder here. Download what lies there, and name that"
        )
    return Path(text)


def parse_assignment(text: str) -> tuple[str, str]:
    """Split NAME=VALUE into a hyperparameter and its value."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, found {text!r}")
    return name, value


def parse_hyperparameter(declaration: Declaration, text: str) -> str:
    """Return the value of a hyperparameter as it is; reject what is none."""
    try:
        declaration.parse_value(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected {declaration.expected_values}, found {text!r}") from None
    return text


def parse_separator(text: str) -> str:
    """Parse the sign between the fields of CSV, or its name."""
    try:
        return read_delimiter({"delimiter": text or "nothing"})
    except DecodeError:
        words = ", ".join(DELIMITER_NAMES.values())
        raise argparse.ArgumentTypeError(f"expected one of {words}, or the sign itself, found {text!r}") from None


def parse_count(text: str) -> int:
    """Parse how many there are to be, one at least."""
    if not (text.isascii() and text.isdigit() and int(text[:18]) >= 1):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, found {text!r}")
    return int(text[:18])


def parse_port(text: str) -> int:
    """Parse a port number."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to 65535, found {text!r}")
    return int(text)
