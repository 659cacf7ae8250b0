"""Content types: one codec each, which decodes training data, requests, or both, and may encode answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from container.codecs import csv, json, jsonlines, libsvm, parquet, recordio
from container.rows.blocks import DEFAULT_OPTIONS, AnswerEncoding, Block, DecodeOptions, Features


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


@dataclass(frozen=True)
class Codec:
    """The functions for one content type; None where the type is not supported for that purpose.

    `decode_blocks(stream, parameters, feature_dim, options)` decodes labelled rows for training. `decode_records`, with
    the same arguments, decodes a request in pieces of (n, feature_dim) as it arrives. `encoding` encodes an answer.
    Both decoders raise DecodeError with the location inside the data.
    """

    media_type: str
    decode_blocks: BlockDecoder | None
    decode_records: RecordDecoder | None
    encoding: AnswerEncoding | None


CODECS = {
    codec.media_type: codec
    for codec in (
        Codec("application/json", None, json.decode_records, json.ENCODING),
        Codec("application/jsonlines", None, jsonlines.decode_records, AnswerEncoding(jsonlines.encode_answer)),
        Codec(csv.MEDIA_TYPE, csv.decode_blocks, csv.decode_records, AnswerEncoding(csv.encode_answer)),
        Codec(libsvm.MEDIA_TYPE, libsvm.decode_blocks, libsvm.decode_records, None),
        Codec(parquet.MEDIA_TYPE, parquet.decode_blocks, None, None),
        Codec(
            recordio.MEDIA_TYPE, recordio.decode_blocks, recordio.decode_records, AnswerEncoding(recordio.encode_answer)
        ),
    )
}
TRAINING_TYPES = [name for name, codec in CODECS.items() if codec.decode_blocks]
REQUEST_DECODERS = {name: codec.decode_records for name, codec in CODECS.items() if codec.decode_records}
ANSWER_ENCODINGS = {name: codec.encoding for name, codec in CODECS.items() if codec.encoding}
