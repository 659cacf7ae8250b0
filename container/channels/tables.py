"""A channel that is read as a table: rows as they are, and once it is known how, encoded.

Tests: tests/doors/test_tables.py.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from container.codecs.registry import ColumnDecoder
from container.contract.errors import DecodeError
from container.rows.blocks import Block
from container.rows.columns import show_names
from container.rows.raw import EncodeRows, RawRows, TableOptions

Item = Block | RawRows


@dataclass
class ChannelTable:
    """How the sources of a channel are read as tables: by `decode`, with the `parameters` of the content type.

    Columns in `text_names` stay texts. Once `encode` is set, rows become blocks, and only the columns in `wanted` are
    read. With `drops_first` the first column is left out: a label that nothing is learned from. `warn(text)` receives
    what the user should know.
    """

    decode: ColumnDecoder
    parameters: Mapping[str, str]
    warn: Callable[[str], None]
    text_names: Container[str] = frozenset()
    wanted: frozenset[str] | None = None
    encode: EncodeRows | None = None
    drops_first: bool = False
    told: set[str] = field(default_factory=set)

    def read_source(self, stream: BinaryIO, name: str) -> Iterator[Item]:
        """Yield the rows of one file or stream, which messages call `name`."""
        options = TableOptions(
            self.text_names,
            self.wanted,
            lambda text: self.warn_once(f"{name}: {text}"),
            choose_columns=leave_out_first if self.drops_first else list,
        )
        for rows in self.decode(stream, self.parameters, options):
            found = replace(rows, source=name)
            yield found if self.encode is None else self.encode(found)

    def warn_once(self, text: str) -> None:
        """Pass on a warning that was not given before, as in an earlier epoch."""
        if text not in self.told:
            self.told.add(text)
            self.warn(text)


def leave_out_first(names: Sequence[str]) -> Sequence[str]:
    """Return the names of all columns but the first; raises DecodeError where there is no other."""
    if len(names) < 2:
        raise DecodeError(
            f"expected a column beside the first, which label_size=1 leaves out, found {show_names(names)}"
        )
    return names[1:]


@dataclass(frozen=True)
class Sample:
    """The first rows of a channel, and whether these are all."""

    rows: Sequence[RawRows]
    is_complete: bool
