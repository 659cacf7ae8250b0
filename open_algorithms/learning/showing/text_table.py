"""A table of texts, for a terminal.

Tests: tests/commands/test_inspect.py.
"""

from collections.abc import Sequence
from typing import NamedTuple


class TextTable(NamedTuple):
    """A table: its title, the heads of its columns, the first for names and the others for numbers, and its rows."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
