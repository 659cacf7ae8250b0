"""Content types: one declaration each of what decodes it, what encodes it, and how its files are recognized."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from container.codecs import csv, csv_table, json, jsonlines, jsonlines_rows, libsvm, parquet, parquet_table, recordio
from container.codecs.delimited.header import has_header_line
from container.codecs.delimited.parameters import is_header_present
from container.codecs.jsonlines_rows import RowForm
from container.codecs.sniffing.sniff import JSON, JSON_LINES
from container.contract.media import MediaType, parse_media_type
from container.rows.asked import AskedTable
from container.rows.blocks import DEFAULT_OPTIONS, AnswerEncoding, Block, DecodeOptions, Features
from container.rows.raw import RawRows, TableOptions

TABS = "text/tab-separated-values"


class BlockDecoder(Protocol):
    """Decodes labelled rows for training."""

    def __call__(
        self,
        stream: BinaryIO,
        parameters: Mapping[str, str],
        feature_dim: int | None,
        options: DecodeOptions = DEFAULT_OPTIONS,
        /,
    ) -> Iterator[Block]:
        """Yield blocks (X, y): features (n, d) and labels (n,)."""


class ColumnDecoder(Protocol):
    """Decodes the rows of a table with names as they are."""

    def __call__(self, stream: BinaryIO, parameters: Mapping[str, str], options: TableOptions, /) -> Iterator[RawRows]:
        """Yield blocks of rows by column."""


class RecordDecoder(Protocol):
    """Decodes the records of a request."""

    def __call__(
        self,
        stream: BinaryIO,
        parameters: Mapping[str, str],
        feature_dim: int,
        options: DecodeOptions = DEFAULT_OPTIONS,
        /,
    ) -> Iterator[Features]:
        """Yield pieces of features, (n, feature_dim), as they arrive."""


class AskedDecoder(Protocol):
    """Decodes the rows of a table in a request."""

    def __call__(self, stream: BinaryIO, parameters: Mapping[str, str], table: AskedTable, /) -> Iterator[Features]:
        """Yield pieces of features, (n, feature_dim), as they arrive."""


class HeaderDetector(Protocol):
    """Recognizes a header line."""

    def __call__(self, head: bytes, known: Sequence[str] = (), /) -> bool:
        """Tell whether data that begins with `head` has a header; `known` are the names that it may hold."""


@dataclass(frozen=True)
class Codec:
    """All that is declared of one content type; None, or nothing, where the type has no such part.

    `decode_blocks(stream, parameters, feature_dim, options)` decodes labelled rows for training. `decode_records`, with
    the same arguments, decodes a request in pieces of (n, feature_dim) as it arrives. `encoding` encodes an answer.
    Both decoders raise DecodeError with the location inside the data. `suffixes` end the names of such files, the first
    that of a new file. `aliases` are other names of the type. `detect_header` is there if the content type may say
    header=present. `decode_columns(stream, parameters, options)` decodes rows with names of columns as they are, and
    `decode_asked(stream, parameters, table)` those of a request to the model of a table, of which other types hold
    features. `detect_form(head)` is there if only the data tells whether columns have names.
    """

    media_type: str
    decode_blocks: BlockDecoder | None = None
    decode_records: RecordDecoder | None = None
    encoding: AnswerEncoding | None = None
    suffixes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    detect_header: HeaderDetector | None = None
    decode_columns: ColumnDecoder | None = None
    decode_asked: AskedDecoder | None = None
    detect_form: Callable[[bytes], RowForm] | None = None

    def says_header(self, parameters: Mapping[str, str]) -> bool:
        """Tell whether the parameters of the content type declare a header."""
        return self.detect_header is not None and is_header_present(parameters)

    def has_names(self, parameters: Mapping[str, str]) -> bool:
        """Tell whether the columns have names, so that they may be those of a table."""
        return self.decode_columns is not None and (self.detect_header is None or is_header_present(parameters))

    def may_have_header(self, parameters: Mapping[str, str]) -> bool:
        """Tell whether the first line may be a header, as the parameters of the content type do not say."""
        return self.detect_header is not None and "header" not in parameters


CODECS = {
    codec.media_type: codec
    for codec in (
        Codec(JSON, decode_records=json.decode_records, encoding=json.ENCODING, decode_asked=json.decode_asked),
        Codec(
            JSON_LINES,
            jsonlines_rows.decode_blocks,
            jsonlines.decode_records,
            jsonlines.ENCODING,
            suffixes=(".jsonl", ".ndjson", ".jsonlines"),
            decode_columns=jsonlines_rows.decode_columns,
            decode_asked=jsonlines.decode_asked,
            detect_form=jsonlines_rows.detect_form,
        ),
        Codec(
            csv.MEDIA_TYPE,
            csv.decode_blocks,
            csv.decode_records,
            csv.ENCODING,
            suffixes=(".csv",),
            aliases=(TABS,),
            detect_header=has_header_line,
            decode_columns=csv_table.decode_columns,
            decode_asked=csv_table.decode_asked,
        ),
        Codec(
            libsvm.MEDIA_TYPE,
            libsvm.decode_blocks,
            libsvm.decode_records,
            suffixes=(".libsvm", ".svm", ".svmlight"),
            aliases=("text/x-libsvm",),
        ),
        Codec(
            parquet.MEDIA_TYPE,
            parquet.decode_blocks,
            parquet.decode_records,
            suffixes=(".parquet", ".pq"),
            decode_columns=parquet_table.decode_columns,
            decode_asked=parquet_table.decode_asked,
        ),
        Codec(
            recordio.MEDIA_TYPE,
            recordio.decode_blocks,
            recordio.decode_records,
            AnswerEncoding(recordio.encode_answer),
            suffixes=(".rec", ".recordio", ".pbr"),
        ),
    )
}
TRAINING_TYPES = [name for name, codec in CODECS.items() if codec.decode_blocks]
REQUEST_DECODERS = {name: codec.decode_records for name, codec in CODECS.items() if codec.decode_records}
ASKED_DECODERS = {name: codec.decode_asked for name, codec in CODECS.items() if codec.decode_asked}
ANSWER_ENCODINGS = {name: codec.encoding for name, codec in CODECS.items() if codec.encoding}
TYPE_OF_SUFFIX = {suffix: name for name, codec in CODECS.items() for suffix in codec.suffixes}
TYPE_OF_SUFFIX |= {".tsv": TABS, ".tab": TABS}
_IMPLIED = {TABS: {"delimiter": "tab"}}
_TYPE_OF_ALIAS = {alias: name for name, codec in CODECS.items() for alias in codec.aliases}


def parse_content_type(text: str) -> MediaType:
    """Parse a content type; an alias is replaced by the name of its codec, with what it implies as parameters.

    >>> parse_content_type("text/tab-separated-values")
    MediaType(name='text/csv', parameters={'delimiter': 'tab'})
    """
    media = parse_media_type(text)
    if media.name not in _TYPE_OF_ALIAS:
        return media
    return MediaType(_TYPE_OF_ALIAS[media.name], {**_IMPLIED.get(media.name, {}), **media.parameters})
