"""The files that are predicted, and stdin, each opened once from front to back.

Tests: tests/commands/test_predict.py.
"""

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from container.channels.files import GZIP_MAGIC, open_file, unpack_gzip
from container.codecs.sniffing.sniff import PARQUET_MAGIC
from container.web.bodies import PrefixedStream
from open_algorithms.commands.tables.data import find_data_files
from open_algorithms.commands.tables.headers import HEADER_BYTES
from open_algorithms.commands.telling.faults import UsageError

STDIN = Path("-")


@dataclass(frozen=True)
class RowSource:
    """What rows are read from: its name in messages, a file that holds it or its beginning, and else its stream."""

    name: str
    path: Path
    stream: BinaryIO | None = None

    @contextmanager
    def open_rows(self) -> Iterator[BinaryIO]:
        """Open it, decompressed; raises DecodeError for broken gzip data."""
        if self.stream is None:
            with open_file(self.path) as stream:
                yield stream
        elif self.path.read_bytes()[: len(GZIP_MAGIC)] == GZIP_MAGIC:
            with unpack_gzip(self.stream) as stream:
                yield stream
        else:
            yield self.stream


def find_row_sources(paths: Sequence[Path], folder: Path) -> list[RowSource]:
    """Return the files at the paths in their order, `-` being stdin, of which `folder` receives the beginning."""
    if paths.count(STDIN) > 1:
        raise UsageError("- is stdin, which can be read once. Name it once.")
    sources = []
    for path in paths:
        if path == STDIN:
            sources.append(read_stdin(folder / "stdin"))
        else:
            sources += [RowSource(str(file), file) for _, file in find_data_files([path])]
    return sources


def read_stdin(beginning: Path) -> RowSource:
    """Return stdin as a source; a file of Parquet, which is read from its end, is copied to disk."""
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("- reads rows from stdin, which is a terminal. Send rows there, as by a pipe.")
    stdin = sys.stdin.buffer
    head = stdin.read(HEADER_BYTES)
    with beginning.open("wb") as file:
        file.write(head)
        if head.startswith(PARQUET_MAGIC):
            shutil.copyfileobj(stdin, file)
    if head.startswith(PARQUET_MAGIC) or len(head) < HEADER_BYTES:
        return RowSource("stdin", beginning)
    return RowSource("stdin", beginning, cast(BinaryIO, PrefixedStream(head, stdin)))
