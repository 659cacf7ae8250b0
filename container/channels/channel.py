"""A channel: the files of a folder, or one FIFO per epoch, decoded to blocks of labelled rows."""

from bisect import bisect_left
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, closing
from gzip import GzipFile
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO

from container.channels.copies import Copy, block_bytes, copying
from container.channels.fifos import next_fifo, open_fifo
from container.channels.files import find_files, open_file
from container.channels.prefetch import ahead
from container.codecs import csv
from container.codecs.delimited.parameters import has_header
from container.codecs.registry import CODECS, TRAINING_TYPES
from container.codecs.sniffing.sniff import BYTE_ORDER_MARK, HEAD_BYTES
from container.contract.environment import ChannelConfig
from container.contract.errors import ClientError, DecodeError
from container.contract.media import parse
from container.rows.blocks import Block, Sparse
from container.rows.columns import Reference
from container.rows.table import Table

DEFAULT_TYPE = "application/x-recordio-protobuf"


class Channel:
    """The data of a channel. Each iteration is one epoch, in the order of file names or of the stream.

    Yields blocks (X, y): features (n, d), dense or CSR, and labels (n,), float32, prefetched by a thread. In File and
    FastFile mode the second epoch copies data that is slow to decode to a temporary file in `copy_folder`, if there is
    space, and later epochs read the copy. `columns` knows names and shift once the first rows are read; `like` is a
    channel whose columns this one follows, `expected` the names it must have. With `may_be_empty`, as where other hosts
    have all the rows, a channel without rows yields nothing. `raise_if_stopped` is called before every block and may
    raise to end reading. `info` and `warn` receive messages. Faults in the data are raised as ClientError with channel,
    file and location.
    """

    def __init__(
        self,
        config: ChannelConfig,
        directory: Path,
        scratch: Path | None = None,
        say: Callable[[str], None] = lambda line: None,
        heed: Callable[[], None] = lambda: None,
        may_be_empty: bool = False,
        warn: Callable[[str], None] = lambda line: None,
        like: "Channel | None" = None,
        expected: Reference | None = None,
    ) -> None:
        self.name = config.name
        self.sharded = config.sharded
        self.table: Table = Table(config.name, say, warn, None if like is None else like.table, expected)
        self._directory = directory
        self._scratch = scratch
        self._say = say
        self._heed = heed
        self._may_be_empty = may_be_empty
        self._media = parse(config.content_type or DEFAULT_TYPE)
        codec = CODECS.get(self._media.name)
        if codec is None or codec.decode_blocks is None:
            raise ClientError(
                f"channel {self.name!r}: expected a ContentType of {' or '.join(TRAINING_TYPES)}, "
                f"found {config.content_type!r}."
            )
        if self._media.parameters.get("label_size") == "0":
            raise ClientError(
                f"channel {self.name!r}: the ContentType says label_size=0, but every row needs a label. "
                "Put the label first and say label_size=1."
            )
        self._piped = config.mode == "Pipe"
        if self._piped and config.wrapped and self._media.name != DEFAULT_TYPE:
            raise ClientError(
                f"channel {self.name!r}: RecordWrapperType RecordIO goes with {DEFAULT_TYPE} only, found the "
                f"ContentType {config.content_type!r}. Set RecordWrapperType to None."
            )
        self._decode = codec.decode_blocks
        self._files = [] if self._piped else self._find_files()
        self._parts: list[tuple[int, str]] = []
        self._bytes: int | None = None
        self._slow = config.mode == "FastFile" or self._media.name != DEFAULT_TYPE
        self._copy: Copy | None = None
        self._begun: tuple[list[Block], Generator[Block, None, None]] | None = None

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features once the first rows are read; empty if the data has none."""
        return () if self.table.header is None else self.table.header.features

    @property
    def later(self) -> str:
        """Where the next epoch is read from, for messages."""
        if self._piped:
            return "from the next FIFO"
        return "from its files" if self._copy is None else "from a decoded copy on local disk"

    def place(self, row: int) -> str:
        """Return the file and the row within it, for messages, of row `row` of the last epoch, counted from 1.

        A header counts as a row, as in an editor.
        """
        first, name = self._parts[bisect_left(self._parts, row, key=lambda part: part[0]) - 1]
        return f"row {row - first + self._has_header()} of {name}"

    def begin(self) -> None:
        """Read the first rows once, so that `columns` is known. The next epoch continues from there."""
        if self._begun is None and not self.table.seen:
            halt = Event()
            blocks = ahead(self._epoch(halt), halt, self._heed)
            first = list(islice(blocks, 1))
            for block in first:
                self.table.see(block, self._declares_header())
            self._begun = first, blocks

    def adopt(self, hosts: Mapping[str, Mapping[str, Any]]) -> None:
        """Convert rows as the other hosts do, given each host's `columns_as_json`; ClientError if names differ."""
        try:
            self.table.adopt(hosts)
        except DecodeError as error:
            raise ClientError(f"{error.within(f'channel {self.name!r}')}.") from None

    def __iter__(self) -> Generator[Block, None, None]:
        self.begin()
        halt = Event()
        first, blocks = self._begun or ([], ahead(self._epoch(halt), halt, self._heed))
        self._begun = None
        return self._convert(first, blocks)

    def _convert(self, first: list[Block], rest: Generator[Block, None, None]) -> Generator[Block, None, None]:
        """Yield all blocks converted by `columns`, keeping no reference to any."""
        with closing(rest):
            while first:
                yield self.table.convert(first.pop())
            for block in rest:
                block = self.table.convert(block)
                yield block
                del block

    def _has_header(self) -> bool:
        return self._media.name == csv.MEDIA_TYPE and has_header(self._media.parameters)

    def _declares_header(self) -> bool:
        """Tell whether the content type says if the first line is a header."""
        return self._media.name != csv.MEDIA_TYPE or "header" in self._media.parameters

    def _epoch(self, halt: Event) -> Generator[Block, None, None]:
        if self._copy is not None:
            yield from self._copy
        elif not self._bytes or self._piped or not self._slow:
            yield from self._read(halt)
        else:
            self._copy = yield from copying(self._read(halt), self._bytes, self._scratch)
            self._slow = False
            self._say(f"The channel {self.name!r} of {self._bytes} bytes is read {self.later} from now on.")

    def _read(self, halt: Event) -> Iterator[Block]:
        """Decode the files, or the next FIFO, once."""
        features = None
        rows = size = 0
        self._parts = []
        for name, source in self._sources(halt):
            self._parts.append((rows, name))
            try:
                with source as stream:
                    features = features or None
                    self._slow |= isinstance(stream, GzipFile)
                    for X, y in self._decode(stream, self._media.parameters, features, self.table.guide(name)):
                        features = X.shape[1]
                        rows += len(y)
                        size += block_bytes((X, y))
                        self._slow |= isinstance(X, Sparse)
                        yield X, y
            except DecodeError as error:
                raise ClientError(error.within(f"channel {self.name!r}", name) + ".") from None
            except OSError as error:
                raise ClientError(f"channel {self.name!r}: {name} cannot be read: {error.strerror or error}.") from None
        if not rows and not self._may_be_empty:
            raise ClientError(f"channel {self.name!r}: {self._describe_lack()}.")
        self._bytes = size

    def _sources(self, halt: Event) -> Iterator[tuple[str, AbstractContextManager[BinaryIO]]]:
        if self._piped:
            yield f"stream {next_fifo(self._directory).name!r}", open_fifo(self._directory, halt)
        for file in self._files:
            yield f"file {file.relative_to(self._directory).as_posix()!r}", open_file(file)

    def _describe_lack(self) -> str:
        """Explain that there are no rows: which files were read, and what they contain instead."""
        name = self._parts[0][1]
        if self._piped:
            return f"{name} has no row"
        with open_file(self._files[0]) as stream:
            blank = not stream.read(HEAD_BYTES).removeprefix(BYTE_ORDER_MARK).strip()
        found = "is empty" if blank else "holds a header only" if self._has_header() else "has no row"
        if len(self._files) == 1:
            return f"{name} {found}; expected rows"
        return f"none of the {len(self._files)} files has a row: the first, {name}, {found}"

    def _find_files(self) -> list[Path]:
        files = find_files(self._directory)
        if files or self._may_be_empty:
            return files
        if not self._directory.is_dir():
            raise ClientError(
                f"channel {self.name!r}: the folder {self._directory} does not exist. "
                "Put the data there, or take the channel out of inputdataconfig.json."
            )
        raise ClientError(f"channel {self.name!r}: no files in {self._directory}.")
