"""A channel: the files of a folder, or one FIFO per epoch, decoded to blocks of labelled rows."""

from bisect import bisect_left
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, closing
from gzip import GzipFile
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO

from container.channels.copies import DiskCopy, block_bytes, copy_while_reading
from container.channels.fifos import next_fifo_path, open_next_fifo
from container.channels.files import find_files, open_file
from container.channels.prefetch import prefetch
from container.codecs import csv
from container.codecs.delimited.parameters import is_header_present
from container.codecs.registry import CODECS, TRAINING_TYPES
from container.codecs.sniffing.sniff import BYTE_ORDER_MARK, HEAD_BYTES
from container.contract.environment import ChannelConfig
from container.contract.errors import ClientError, DecodeError
from container.contract.media import parse_media_type
from container.rows.blocks import Block
from container.rows.columns import ExpectedColumns
from container.rows.table import ChannelColumns
from open_algorithms.learning.rows.csr import Csr

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
        copy_folder: Path | None = None,
        info: Callable[[str], None] = lambda line: None,
        raise_if_stopped: Callable[[], None] = lambda: None,
        may_be_empty: bool = False,
        warn: Callable[[str], None] = lambda line: None,
        like: "Channel | None" = None,
        expected: ExpectedColumns | None = None,
    ) -> None:
        self.name = config.name
        self.sharded = config.sharded
        self.columns: ChannelColumns = ChannelColumns(
            config.name, info, warn, None if like is None else like.columns, expected
        )
        self._directory = directory
        self._copy_folder = copy_folder
        self._info = info
        self._raise_if_stopped = raise_if_stopped
        self._may_be_empty = may_be_empty
        self._media = parse_media_type(config.content_type or DEFAULT_TYPE)
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
        self._is_piped = config.mode == "Pipe"
        if self._is_piped and config.is_wrapped and self._media.name != DEFAULT_TYPE:
            raise ClientError(
                f"channel {self.name!r}: RecordWrapperType RecordIO goes with {DEFAULT_TYPE} only, found the "
                f"ContentType {config.content_type!r}. Set RecordWrapperType to None."
            )
        self._decode = codec.decode_blocks
        self._files = [] if self._is_piped else self._find_files()
        self._source_starts: list[tuple[int, str]] = []
        self._decoded_bytes: int | None = None
        self._is_slow = config.mode == "FastFile" or self._media.name != DEFAULT_TYPE
        self._copy: DiskCopy | None = None
        self._prefetched: tuple[list[Block], Generator[Block, None, None]] | None = None

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features once the first rows are read; empty if the data has none."""
        return () if self.columns.names is None else self.columns.names.features

    @property
    def next_source(self) -> str:
        """Where the next epoch is read from, for messages."""
        if self._is_piped:
            return "from the next FIFO"
        return "from its files" if self._copy is None else "from a decoded copy on local disk"

    def locate_row(self, row: int) -> str:
        """Return the file and the row within it, for messages, of row `row` of the last epoch, counted from 1.

        A header counts as a row, as in an editor.
        """
        first, name = self._source_starts[bisect_left(self._source_starts, row, key=lambda part: part[0]) - 1]
        return f"row {row - first + self._has_header()} of {name}"

    def read_first_rows(self) -> None:
        """Read the first rows once, so that `columns` is known. The next epoch continues from there."""
        if self._prefetched is None and not self.columns.has_rows:
            halt = Event()
            blocks = prefetch(self._read_epoch(halt), halt, self._raise_if_stopped)
            first = list(islice(blocks, 1))
            for block in first:
                self.columns.inspect_first_block(block, self._is_header_declared())
            self._prefetched = first, blocks

    def align_with_hosts(self, descriptions: Mapping[str, Mapping[str, Any]]) -> None:
        """Convert rows as the other hosts do, given each host's `columns_as_json`; ClientError if names differ."""
        try:
            self.columns.align_with_hosts(descriptions)
        except DecodeError as error:
            raise ClientError(f"{error.message_within(f'channel {self.name!r}')}.") from None

    def __iter__(self) -> Generator[Block, None, None]:
        self.read_first_rows()
        halt = Event()
        first, blocks = self._prefetched or ([], prefetch(self._read_epoch(halt), halt, self._raise_if_stopped))
        self._prefetched = None
        return self._align_blocks(first, blocks)

    def _align_blocks(self, first: list[Block], rest: Generator[Block, None, None]) -> Generator[Block, None, None]:
        """Yield all blocks converted by `columns`, keeping no reference to any."""
        with closing(rest):
            while first:
                yield self.columns.align_block(first.pop())
            for block in rest:
                block = self.columns.align_block(block)
                yield block
                del block

    def _has_header(self) -> bool:
        return self._media.name == csv.MEDIA_TYPE and is_header_present(self._media.parameters)

    def _is_header_declared(self) -> bool:
        """Tell whether the content type says if the first line is a header."""
        return self._media.name != csv.MEDIA_TYPE or "header" in self._media.parameters

    def _read_epoch(self, halt: Event) -> Generator[Block, None, None]:
        if self._copy is not None:
            yield from self._copy
        elif not self._decoded_bytes or self._is_piped or not self._is_slow:
            yield from self._decode_epoch(halt)
        else:
            self._copy = yield from copy_while_reading(self._decode_epoch(halt), self._decoded_bytes, self._copy_folder)
            self._is_slow = False
            self._info(
                f"The channel {self.name!r} of {self._decoded_bytes} bytes is read {self.next_source} from now on."
            )

    def _decode_epoch(self, halt: Event) -> Iterator[Block]:
        """Decode the files, or the next FIFO, once."""
        features = None
        rows = size = 0
        self._source_starts = []
        for name, source in self._open_sources(halt):
            self._source_starts.append((rows, name))
            try:
                with source as stream:
                    features = features or None
                    self._is_slow |= isinstance(stream, GzipFile)
                    for X, y in self._decode(
                        stream, self._media.parameters, features, self.columns.decode_options(name)
                    ):
                        features = X.shape[1]
                        rows += len(y)
                        size += block_bytes((X, y))
                        self._is_slow |= isinstance(X, Csr)
                        yield X, y
            except DecodeError as error:
                raise ClientError(error.message_within(f"channel {self.name!r}", name) + ".") from None
            except OSError as error:
                raise ClientError(f"channel {self.name!r}: {name} cannot be read: {error.strerror or error}.") from None
        if not rows and not self._may_be_empty:
            raise ClientError(f"channel {self.name!r}: {self._explain_no_rows()}.")
        self._decoded_bytes = size

    def _open_sources(self, halt: Event) -> Iterator[tuple[str, AbstractContextManager[BinaryIO]]]:
        if self._is_piped:
            yield f"stream {next_fifo_path(self._directory).name!r}", open_next_fifo(self._directory, halt)
        for file in self._files:
            yield f"file {file.relative_to(self._directory).as_posix()!r}", open_file(file)

    def _explain_no_rows(self) -> str:
        """Explain that there are no rows: which files were read, and what they contain instead."""
        name = self._source_starts[0][1]
        if self._is_piped:
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
