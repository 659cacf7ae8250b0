"""A channel: the files of a folder, or one FIFO per epoch, decoded to blocks of labelled rows."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Container, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from gzip import GzipFile
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO

from container.channels.copies import DiskCopy, block_bytes, copy_while_reading
from container.channels.prefetch import prefetch
from container.channels.sources import find_sources
from container.channels.tables import ChannelTable, Item, Sample
from container.codecs.jsonlines_rows import RowForm
from container.codecs.registry import CODECS, TRAINING_TYPES, parse_content_type
from container.contract.environment import ChannelConfig
from container.contract.errors import ClientError, DecodeError
from container.rows.blocks import Block
from container.rows.columns import ExpectedColumns
from container.rows.notices import NO_NOTICES, Notices
from container.rows.raw import EncodeRows, RawRows
from container.rows.table import ChannelColumns
from open_algorithms.learning.rows.csr import Csr

DEFAULT_TYPE = "application/x-recordio-protobuf"


class Channel:
    """The data of a channel. Each iteration is one epoch, in the order of file names or of the stream.

    Yields blocks (X, y): features (n, d), dense or CSR, and labels (n,), or (n, 0) in a channel without labels,
    float32, prefetched by a thread. In File and FastFile mode the second epoch copies data that is slow to decode to a
    temporary file, if there is space, and later epochs read the copy. `columns` knows names and shift once the first
    rows are read; `like` is a channel whose columns this one follows, `expected` the names it must have. With
    `may_be_empty`, as where other hosts have all the rows, a channel without rows yields nothing. `raise_if_stopped` is
    called before every block and may raise to end reading. Faults in the data are raised as ClientError with channel,
    file and location.
    """

    def __init__(
        self,
        config: ChannelConfig,
        directory: Path,
        notices: Notices = NO_NOTICES,
        raise_if_stopped: Callable[[], None] = lambda: None,
        may_be_empty: bool = False,
        like: "Channel | None" = None,
        expected: ExpectedColumns | None = None,
    ) -> None:
        self.name = config.name
        self.sharded = config.sharded
        self.columns: ChannelColumns = ChannelColumns(
            config.name, notices, None if like is None else like.columns, expected
        )
        self._info, self._warn = notices.info, notices.warn
        self._raise_if_stopped = raise_if_stopped
        self._may_be_empty = may_be_empty
        self._media = parse_content_type(config.content_type or DEFAULT_TYPE)
        codec = CODECS.get(self._media.name)
        if codec is None or codec.decode_blocks is None:
            raise ClientError(
                f"channel {self.name!r}: expected a ContentType of {' or '.join(TRAINING_TYPES)}, "
                f"found {config.content_type!r}."
            )
        self.columns.labelled = config.labelled
        if config.labelled and self._media.parameters.get("label_size") == "0":
            raise ClientError(
                f"channel {self.name!r}: the ContentType says label_size=0, but every row needs a label. "
                "Put the label first and say label_size=1."
            )
        if config.mode == "Pipe" and config.is_wrapped and self._media.name != DEFAULT_TYPE:
            raise ClientError(
                f"channel {self.name!r}: RecordWrapperType RecordIO goes with {DEFAULT_TYPE} only, found the "
                f"ContentType {config.content_type!r}. Set RecordWrapperType to None."
            )
        self._codec, self._decode = codec, codec.decode_blocks
        self._sources = find_sources(config, directory, may_be_empty)
        self._source_starts: list[tuple[int, str]] = []
        self._decoded_bytes: int | None = None
        self._late_bytes = 0  # of rows that were encoded after they were read
        self._is_slow = config.mode == "FastFile" or self._media.name != DEFAULT_TYPE
        self._copy: DiskCopy | None = None
        self._table: ChannelTable | None = None
        self._prefetched: tuple[list[Item], Generator[Item, None, None]] | None = None

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features once the first rows are read; empty if the data has none."""
        return () if self.columns.names is None else self.columns.names.features

    @property
    def has_names(self) -> bool:
        """Whether the content type or the data gives the columns names, so that the channel may be a table.

        That a FIFO does is taken for granted where only the data could tell.
        """
        if not self._codec.has_names(self._media.parameters):
            return False
        detect = self._codec.detect_form
        return detect is None or self._sources.is_piped or detect(self._sources.read_head()) is RowForm.NAMED

    @property
    def is_piped(self) -> bool:
        """Whether each epoch is a FIFO, which can be opened only once the one before is closed."""
        return self._sources.is_piped

    @property
    def file_names(self) -> tuple[str, ...]:
        """The names of the files that are read, in their order; none of FIFOs."""
        return self._sources.names

    @property
    def next_source(self) -> str:
        """Where the next epoch is read from, for messages."""
        if self._sources.is_piped:
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
                assert not isinstance(block, RawRows)
                self.columns.inspect_first_block(block, self._codec.may_have_header(self._media.parameters))
            self._prefetched = first, blocks

    def read_raw_rows(
        self, wanted: Collection[str] | None = None, text_names: Collection[str] = ()
    ) -> Iterator[RawRows]:
        """Yield the rows of a table as they are, apart from the epochs; the files are read anew.

        Only the columns in `wanted` are read, unless that is None; those in `text_names` stay texts. Raises ClientError
        if there is no row, as an epoch does.
        """
        table = self._open_table(lambda text: None)
        table.wanted = None if wanted is None else frozenset(wanted)
        table.text_names = frozenset(text_names)
        names = []
        has_rows = False
        for name, source in self._sources.open_each(Event()):
            names.append(name)
            with self._report_faults(name), source as stream:
                for item in table.read_source(stream, name):
                    assert isinstance(item, RawRows)
                    has_rows |= bool(item.row_count)
                    yield item
        if not has_rows:
            self._refuse_no_rows(names)

    def needs_table(self) -> bool:
        """Tell whether the first rows hold texts, or a column has an empty value there; not known of a FIFO."""
        if not self.has_names or self._sources.is_piped:
            return False
        first = next((rows for rows in self.read_raw_rows() if rows.row_count), None)
        columns = [] if first is None else first.columns.values()
        return any(str(values.type) != "double" or values.null_count for values in columns)

    def read_as_table(self, text_names: Container[str] = ()) -> None:
        """Read the channel as a table from now on; the columns in `text_names` stay texts."""
        warn = self._warn
        self._table = self._table or self._open_table(lambda text: warn(f"channel {self.name!r}, {text}."))
        self._table.text_names = text_names
        self.columns.has_rows = True

    def read_sample(self, limit_bytes: int) -> Sample:
        """Read the rows of a table until they take `limit_bytes`, or all; the next epoch begins with them."""
        halt = Event()
        items = prefetch(self._read_epoch(halt), halt, self._raise_if_stopped)
        held: list[RawRows] = []
        size, is_complete = 0, True
        for item in items:
            assert isinstance(item, RawRows)
            held.append(item)
            size += item.nbytes
            if size >= limit_bytes:
                is_complete = False
                break
        self._prefetched = [*held], items
        return Sample(held, is_complete)

    def encode_with(self, encode: EncodeRows, wanted: Collection[str]) -> None:
        """Encode the rows of a table from now on, those of a sample too; only columns in `wanted` are read."""
        assert self._table is not None
        self._table.wanted, self._table.encode = frozenset(wanted), encode

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

    def _align_blocks(self, first: list[Item], rest: Generator[Item, None, None]) -> Generator[Block, None, None]:
        """Yield all blocks converted by `columns`, or rows encoded, keeping no reference to any."""
        with closing(rest):
            while first:
                yield self._align_item(first.pop(0))
            for item in rest:
                block = self._align_item(item)
                del item
                yield block
                del block

    def _align_item(self, item: Item) -> Block:
        """Return a block converted by `columns`, or the rows of a table encoded."""
        if self._table is None:
            assert not isinstance(item, RawRows)
            return self.columns.align_block(item)
        if not isinstance(item, RawRows):
            return item
        assert self._table.encode is not None
        with self._report_faults(item.source):
            block = self._table.encode(item)
        self._late_bytes += block_bytes(block)
        return block

    def _open_table(self, warn: Callable[[str], None]) -> ChannelTable:
        if self._codec.decode_columns is None or not self.has_names:
            raise ClientError(
                f"channel {self.name!r}: expected names of columns, which a table has, found the ContentType "
                f"{self._media.name}. Say text/csv;header=present, or give Parquet."
            )
        drops_label = not self.columns.labelled and self._media.parameters.get("label_size") == "1"
        return ChannelTable(self._codec.decode_columns, self._media.parameters, warn, drops_first=drops_label)

    @contextmanager
    def _report_faults(self, name: str) -> Iterator[None]:
        """Raise faults in the source `name` as ClientError with the channel and that name."""
        try:
            yield
        except DecodeError as error:
            raise ClientError(error.message_within(f"channel {self.name!r}", name) + ".") from None
        except OSError as error:
            raise ClientError(f"channel {self.name!r}: {name} cannot be read: {error.strerror or error}.") from None

    def _has_header(self) -> bool:
        return self._codec.says_header(self._media.parameters)

    def _read_epoch(self, halt: Event) -> Generator[Item, None, None]:
        if self._copy is not None:
            yield from self._copy
            return
        size = 0 if self._decoded_bytes is None else self._decoded_bytes + self._late_bytes
        if not size or self._sources.is_piped or not self._is_slow:
            yield from self._decode_epoch(halt)
        else:
            self._copy = yield from copy_while_reading(_only_blocks(self._decode_epoch(halt)), size)
            self._is_slow = False
            self._info(f"The channel {self.name!r} of {size} bytes is read {self.next_source} from now on.")

    def _decode_epoch(self, halt: Event) -> Iterator[Item]:
        """Decode the files, or the next FIFO, once."""
        features = None
        rows = size = 0
        self._source_starts = []
        for name, source in self._sources.open_each(halt):
            self._source_starts.append((rows, name))
            with self._report_faults(name), source as stream:
                self._is_slow |= isinstance(stream, GzipFile)
                for item in self._decode_source(stream, name, features):
                    if isinstance(item, RawRows):
                        rows += item.row_count
                        yield item
                        continue
                    X, y = item
                    features = X.shape[1]
                    rows += len(y)
                    size += block_bytes(item)
                    self._is_slow |= isinstance(X, Csr)
                    yield item
        if not rows:
            self._refuse_no_rows([name for _, name in self._source_starts])
        self._decoded_bytes = size

    def _refuse_no_rows(self, names: Sequence[str]) -> None:
        """Raise ClientError for sources of these names that have no row, unless the channel may be empty."""
        if not self._may_be_empty:
            found = self._sources.explain_no_rows(names[0], self._has_header())
            raise ClientError(f"channel {self.name!r}: {found}.")

    def _decode_source(self, stream: BinaryIO, name: str, features: int | None) -> Iterator[Item]:
        """Decode one file or stream."""
        if self._table is not None:
            return self._table.read_source(stream, name)
        return self._decode(stream, self._media.parameters, features or None, self.columns.decode_options(name))


def _only_blocks(items: Iterator[Item]) -> Iterator[Block]:
    """Yield the blocks of an epoch in which all rows are encoded."""
    for item in items:
        assert not isinstance(item, RawRows)
        yield item
