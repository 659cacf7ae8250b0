"""The rows of a table as they are, before anything is made of them.

Tests: tests/container/codecs/test_csv_table.py, tests/doors/test_tables.py.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from container.rows.blocks import Block, ignore_warning


@dataclass(frozen=True)
class RawRows:
    """Rows of a table: an arrow array (n,) of float64 or of texts by the name of each column.

    `first_row` is the number of the first of them within the file or stream `source`.
    """

    columns: Mapping[str, Any]
    first_row: int
    source: str = ""

    @property
    def row_count(self) -> int:
        """The number of rows."""
        return len(next(iter(self.columns.values()), ()))

    @property
    def nbytes(self) -> int:
        """The size of the arrays in bytes."""
        return sum(int(column.nbytes) for column in self.columns.values())


EncodeRows = Callable[[RawRows], Block]


@dataclass(frozen=True)
class TableOptions:
    """How the columns of a table are read.

    Those in `text_names` are read as texts, whatever they look like; others as numbers if the first rows hold plain
    ones. Columns not in `wanted` are left out, unless that is None. `warn(text)` receives what the user should know.
    """

    text_names: Collection[str] = ()
    wanted: Collection[str] | None = None
    warn: Callable[[str], None] = field(default=ignore_warning)
