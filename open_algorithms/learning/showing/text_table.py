"""A table of texts, for a terminal.

Tests: tests/commands/test_inspect.py.
"""

from collections.abc import Sequence
from typing import NamedTuple

WIDEST_CELL = 40  # characters that a cell is padded to


class TextTable(NamedTuple):
    """A table: its title, the heads of its columns, the first for names and the others for numbers, and its rows."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]

    def as_lines(self, most: int) -> list[str]:
        """Return the head and the first rows as aligned lines, and one that counts those that are not shown."""
        shown = [self.heads, *self.rows[:most]]
        widths = [min(WIDEST_CELL, max(len(row[i]) for row in shown)) for i in range(len(self.heads) - 1)]
        lines = [
            "  ".join([*(f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
            for row in shown
        ]
        left = len(self.rows) - most
        return [*lines, *([f"and {left:,} more"] if left > 0 else [])]
