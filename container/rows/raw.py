"""The rows of a table as they are, before anything is made of them.

Tests: tests/container/codecs/test_csv_table.py, tests/doors/test_tables.py.
"""

from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from container.rows.blocks import Block, ignore_warning


@dataclass(frozen=True)
class RawRows:
    """Rows of a table: an arrow array (n,) of float64 or of texts by the name of each column.

    `first_row` is the number of the first of them within the file or stream `source`; rows that were skipped after it
    are in `skipped`, counted from 0 with those that were not.
    """

    columns: Mapping[str, Any]
    first_row: int
    source: str = ""
    skipped: tuple[int, ...] = ()

    @property
    def row_count(self) -> int:
        """The number of rows."""
        return len(next(iter(self.columns.values()), ()))

    @property
    def row_numbers(self) -> NDArray[np.int64]:
        """The number of each row, (n,)."""
        numbers = self.first_row + np.arange(self.row_count + len(self.skipped))
        return np.delete(numbers, self.skipped) if self.skipped else numbers

    @property
    def nbytes(self) -> int:
        """The size of the arrays in bytes."""
        return sum(int(column.nbytes) for column in self.columns.values())


EncodeRows = Callable[[RawRows], Block]


@dataclass(frozen=True)
class TableOptions:
    """How the columns of a table are read.

    Those in `text_names` are read as texts, whatever they look like; others as numbers if the first rows hold plain
    ones. Columns not in `wanted` are left out, unless that is None; so are those that `choose_columns(names)` does not
    return, which may raise DecodeError. `name_columns(count)` names the columns of a row where there is no header.
    `warn(text)` receives what the user should know, and `skip_row(problem, row)` a row that cannot be read; without it
    the first one is raised as DecodeError.
    """

    text_names: Container[str] = ()
    wanted: Collection[str] | None = None
    warn: Callable[[str], None] = field(default=ignore_warning)
    choose_columns: Callable[[Sequence[str]], Collection[str]] = list
    name_columns: Callable[[int], Sequence[str]] | None = None
    skip_row: Callable[[str, int], None] | None = None

    def pick_columns(self, names: Sequence[str]) -> list[str]:
        """Return those of the names that are read, in their order."""
        chosen = frozenset(self.choose_columns(names))
        return [name for name in names if name in chosen and (self.wanted is None or name in self.wanted)]
