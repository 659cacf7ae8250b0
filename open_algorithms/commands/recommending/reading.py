"""Columns of users, of items and of what else is known, from files of any kind that names its columns.

Tests: tests/commands/test_recommend.py.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from container.codecs.registry import CODECS, TRAINING_TYPES, parse_content_type
from container.contract.errors import DecodeError
from container.rows.columns import show_names
from container.rows.raw import TableOptions
from open_algorithms.commands.predicting.bad_rows import name_source
from open_algorithms.commands.predicting.sources import find_row_sources
from open_algorithms.commands.tables.data import decide_content_type
from open_algorithms.commands.telling.faults import UsageError
from open_algorithms.commands.telling.say import print_message


@dataclass(frozen=True)
class WantedColumns:
    """Columns that a file must have, and others that are read where it has them; those in `texts` as texts.

    A file without names must have the `needed` ones only, in their order.
    """

    needed: Sequence[str]
    others: Sequence[str]
    texts: Collection[str]

    def choose_columns(self, names: Sequence[str]) -> list[str]:
        """Return the names of a file's columns that are read; raises DecodeError where one is missing."""
        if missing := [name for name in self.needed if name not in names]:
            raise DecodeError(f"there is no column {missing[0]!r}; the columns are {show_names(names, 40)}")
        return [name for name in names if name in self.needed or name in self.others]

    def name_columns(self, count: int) -> Sequence[str]:
        """Name the columns of a file without names; raises DecodeError for another number than is needed."""
        if count != len(self.needed):
            raise DecodeError(
                f"the first row does not name {show_names(self.needed)}. Expected names of columns there, or "
                f"{len(self.needed)} column{'s' if len(self.needed) > 1 else ''} of values, found {count}"
            )
        if count > 1:
            print_message(
                f"the first row does not name {show_names(self.needed)}: columns are taken for these, in this order."
            )
        return self.needed


def read_columns(path: Path, stated_type: str | None, wanted: WantedColumns) -> Iterator[Mapping[str, Any]]:
    """Yield the columns of a file, of a folder of files, or of stdin, by name, as arrow arrays of some rows each."""
    with TemporaryDirectory() as folder:
        sources = find_row_sources([path], Path(folder))
        files = [(source.name, source.path) for source in sources]
        media = parse_content_type(decide_content_type(files, stated_type, known=wanted.needed, is_certain=True))
        decode = CODECS[media.name].decode_columns
        if decode is None:
            named = [name for name in TRAINING_TYPES if CODECS[name].decode_columns is not None]
            raise UsageError(f"{path} is {media.name}, which names no columns. Expected {' or '.join(named)}.")
        for source in sources:
            options = TableOptions(
                wanted.texts,
                warn=partial(warn_of, source.name),
                choose_columns=wanted.choose_columns,
                name_columns=wanted.name_columns,
            )
            with name_source(source.name), source.open_rows() as stream:
                for rows in decode(stream, media.parameters, options):
                    if rows.row_count:
                        yield rows.columns


def warn_of(source: str, text: str) -> None:
    """Tell what the user should know of a source."""
    print_message(f"{source}: {text}.")
