"""What a channel is read from: the files of its folder, a single file, or one FIFO an epoch.

Tests: tests/container/channels/test_channel.py, tests/container/channels/test_fifos.py.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import BinaryIO

from container.channels.fifos import next_fifo_path, open_next_fifo
from container.channels.files import find_files, open_file
from container.codecs.sniffing.sniff import BYTE_ORDER_MARK
from container.contract.environment import ChannelConfig
from container.contract.errors import ClientError, DecodeError

LINE_BYTES = 1 << 20  # that are looked at for a first line


@dataclass(frozen=True)
class Sources:
    """The `files` of a channel in `directory`, in their order; none for FIFOs, if it `is_piped`."""

    directory: Path
    is_piped: bool
    files: tuple[Path, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the files, without their folders."""
        return tuple(file.name for file in self.files)

    def open_each(self, halt: Event) -> Iterator[tuple[str, AbstractContextManager[BinaryIO]]]:
        """Yield the name of each source of one epoch, for messages, and its stream to be opened."""
        if self.is_piped:
            yield f"stream {next_fifo_path(self.directory).name!r}", open_next_fifo(self.directory, halt)
        for file in self.files:
            yield self._file_name(file), open_file(file)

    def read_head(self) -> bytes:
        """Return the beginning of the first file that is not empty; b"" where there is none, or it cannot be read."""
        for file in self.files:
            with suppress(DecodeError, OSError), open_file(file) as stream:
                if head := stream.read(LINE_BYTES):
                    return head
        return b""

    def explain_no_rows(self, first: str, has_header: bool) -> str:
        """Explain that an epoch has no rows, whose source `first` was read first: what it contains instead."""
        if self.is_piped:
            return f"{first} has no row"
        with open_file(self.files[0]) as stream:
            lines = [
                line for line in stream.read(LINE_BYTES).removeprefix(BYTE_ORDER_MARK).splitlines() if line.strip()
            ]
        found = "has no row"
        if not lines:
            found = "is empty"
        elif has_header:
            found = "holds a header only" if len(lines) == 1 else "has no row with a label"
        if len(self.files) == 1:
            return f"{first} {found}; expected rows"
        return f"none of the {len(self.files)} files has a row: the first, {first}, {found}"

    def _file_name(self, file: Path) -> str:
        return f"file {file.relative_to(self.directory).as_posix()!r}"


def find_sources(config: ChannelConfig, directory: Path, may_be_empty: bool) -> Sources:
    """Find the sources of a channel, which may be a file where the folder should be, as local clients mount it.

    Raises ClientError if there are no files, unless it may be empty.
    """
    if config.mode == "Pipe":
        return Sources(directory, is_piped=True)
    files = find_files(directory)
    if not files and directory.is_file():
        return Sources(directory.parent, False, (directory,))
    if files or may_be_empty:
        return Sources(directory, False, tuple(files))
    if not directory.is_dir():
        raise ClientError(
            f"channel {config.name!r}: the folder {directory} does not exist. "
            "Put the data there, or take the channel out of inputdataconfig.json."
        )
    raise ClientError(f"channel {config.name!r}: no files in {directory}.")
