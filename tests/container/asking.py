"""A table without a model: what a decoder hands to it is kept as it comes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from container.rows.asked import AskedTable
from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.rows.csr import Features


class Encoded(NamedTuple):
    """Features that say how many rows there were, and nothing odd."""

    features: Features
    missing: Mapping[str, int]
    unknown: Mapping[str, int]


class Answer(NamedTuple):
    """What is predicted."""

    name: str = "y"
    classes: Sequence[str | float] = ()


@dataclass
class Table:
    """Keeps the rows of its needed columns; the text "bad" is a fault in any of them."""

    column_names: Sequence[str] = ("a", "b", "c")
    needed_names: Sequence[str] = ("a", "c")
    target: Answer = field(default_factory=Answer)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    pieces: int = 0
    warnings: list[str] = field(default_factory=list)

    def encode(self, arrays: Mapping[str, Any]) -> Encoded:
        """Keep rows."""
        columns = {name: values.to_pylist() for name, values in arrays.items()}
        for name, values in columns.items():
            if "bad" in values:
                raise ColumnFault("expected what is good", name, "bad", "Mend it", values.index("bad"))
        assert [*columns] == [*self.needed_names]
        rows = list(zip(*columns.values(), strict=True))
        self.pieces += 1
        self.rows += rows
        return Encoded(np.zeros((len(rows), 1), np.float32), {}, {})

    def read(self, decode: Callable[[AskedTable], Iterator[Features]]) -> list[tuple[Any, ...]]:
        """Decode and return the rows."""
        decoded = sum(X.shape[0] for X in decode(AskedTable(self, 1, self.encode, self.warnings.append)))
        assert decoded == len(self.rows)
        return self.rows
