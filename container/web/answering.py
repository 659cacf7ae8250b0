"""From the body of a request to that of its answer: negotiate content types, decode records, score, encode.

Tests: tests/container/web/test_application.py.
"""

import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from container.codecs.registry import ANSWER_ENCODINGS, REQUEST_DECODERS, parse_content_type
from container.codecs.sniffing.sniff import HEAD_BYTES, sniff_request_type
from container.contract.errors import BadPayload, DecodeError, NotAcceptable, PayloadTooLarge, UnsupportedMediaType
from container.contract.media import negotiate_type
from container.rows.blocks import DEFAULT_OPTIONS, DecodeOptions, Features, all_finite
from container.rows.columns import arrange_features, arrange_numbered_features, show_names
from open_algorithms.learning.rows.csr import Csr, slice_rows

CSV = "text/csv"
_CURL_DEFAULT_TYPE = "application/x-www-form-urlencoded"
_CURL_HINT = "Say -H 'Content-Type: text/csv', or what it is, and --data-binary, as -d drops line breaks"
ANSWER_BYTES = 128 << 20
WHOLE_BODY_BYTES = 100 << 20  # of JSON, which cannot be read in pieces
_COMPRESSED_BYTES = 64 << 10
VALUES_AT_ONCE = 1 << 18  # that are scored at once: they stay in a processor's cache


class ServedModel(Protocol):
    """What is served: `predict` takes features (n, feature_dim), dense or CSR, and returns named columns of n rows."""

    @property
    def feature_dim(self) -> int:
        """The number of features of a record."""

    @property
    def outputs(self) -> int:
        """The number of values that are computed for a record."""

    def predict(self, X: Features) -> Mapping[str, NDArray[Any]]:
        """Score records."""


@runtime_checkable
class NamedModel(Protocol):
    """A model that knows its features' names, and whether it needs features in float64."""

    @property
    def feature_dim(self) -> int:
        """The number of features of a record."""

    @property
    def names(self) -> Sequence[str]:
        """The names of the features, or none."""

    @property
    def exact(self) -> bool:
        """Whether features are to be decoded to float64."""


class Stream(Protocol):
    """A readable body."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, all that are left if it is negative; b"" at the end."""


class Answer:
    """The encoded answer to one request, in parts; `rows` counts the records scored so far.

    In JSON the answers are a list under `key`.
    """

    def __init__(
        self, model: ServedModel, records: Iterator[Features], content_type: str, key: str = "predictions"
    ) -> None:
        """Score the first records; raise BadPayload if there are none or they cannot be scored."""
        self.content_type = content_type
        self.rows = 0
        self._encoding = ANSWER_ENCODINGS[content_type]
        self._opening = self._encoding.opening % {b"key": json.dumps(key).encode()}
        self._parts = self._score_parts(model, records)
        self._first = next(self._parts, None)
        if self._first is None:
            raise BadPayload("no record in the body; expected one or more")

    def iter_parts(self) -> Iterator[bytes]:
        """Yield the answer while records are read; raise BadPayload for one that cannot be read or scored."""
        assert self._first is not None
        yield self._opening + self._first
        for part in self._parts:
            yield self._encoding.separator + part
        yield self._encoding.closing

    def read_whole(self) -> bytes:
        """Return the whole answer; raise PayloadTooLarge if it exceeds ANSWER_BYTES."""
        kept, size = [], 0
        for part in self.iter_parts():
            kept.append(part)
            size += len(part)
            if size > ANSWER_BYTES:
                raise PayloadTooLarge(f"the answer is larger than {ANSWER_BYTES >> 20} MB; send fewer records at once")
        return b"".join(kept)

    def _score_parts(self, model: ServedModel, records: Iterator[Features]) -> Iterator[bytes]:
        for X in _slice_records(records, model):
            columns = model.predict(X)
            _check_finite_scores(columns, self.rows + 1)
            self.rows += X.shape[0]
            yield self._encoding.encode(columns)


def read_records(
    stream: Stream,
    content_type: str | None,
    content_encoding: str,
    feature_dim: int,
    limit_bytes: int,
    options: DecodeOptions = DEFAULT_OPTIONS,
) -> Iterator[Features]:
    """Decode the records of a body in blocks (n, feature_dim); at most `limit_bytes` are read, 0 for no limit.

    Where a header names the columns, `options` orders them. Raises UnsupportedMediaType at once, BadPayload and
    PayloadTooLarge while reading.
    """
    if content_encoding == "gzip":
        stream = GunzipStream(stream)
    elif content_encoding not in ("", "identity"):
        raise UnsupportedMediaType(f"expected a Content-Encoding of gzip or none, found {content_encoding!r}")
    if content_type is None:
        found, stream = sniff_body(stream)
        media = parse_content_type(found if found in REQUEST_DECODERS else CSV)
    else:
        media = parse_content_type(content_type)
    if media.name not in REQUEST_DECODERS:
        hint = f", curl's own. {_CURL_HINT}" if media.name == _CURL_DEFAULT_TYPE else ""
        raise UnsupportedMediaType(
            f"expected a Content-Type of {', '.join(REQUEST_DECODERS)}, found {content_type!r}{hint}"
        )
    if not limit_bytes and media.name == "application/json":
        limit_bytes = WHOLE_BODY_BYTES
    guessed = content_type is None and media.name == CSV
    bounded = BoundedStream(stream, limit_bytes)
    return _translate_errors(
        REQUEST_DECODERS[media.name](cast(BinaryIO, bounded), media.parameters, feature_dim, options), bounded, guessed
    )


def make_decode_options(model: ServedModel, warn: Callable[[str], None]) -> DecodeOptions:
    """Return options that select columns by the model's feature names; columns that it does not know are left out.

    A model without names gets the default options, or f0, f1, ... where a request names its columns so.
    """
    if not isinstance(model, NamedModel):
        return DEFAULT_OPTIONS

    def arrange_columns(names: Sequence[str]) -> Sequence[int] | None:
        if not model.names:
            warn(
                "Requests name their columns, but the model does not know its features' names: they go by their places"
            )
            return arrange_numbered_features(names, model.feature_dim)
        order = arrange_features(names, model.names)
        if order.left_out:
            warn(f"Requests name columns that the model does not know; they are left out: {show_names(order.left_out)}")
        return order.columns

    return DecodeOptions(arrange_columns, warn=warn, keep_float64=model.exact)


def sniff_body(stream: Stream) -> tuple[str | None, "PrefixedStream"]:
    """Return the media type that the first bytes of a body suggest, and a stream of the whole body."""
    head = stream.read(HEAD_BYTES)
    return sniff_request_type(head) if head else CSV, PrefixedStream(head, stream)


def choose_answer_type(accept: str | None, default: str) -> str:
    """Choose the content type of the answer by the Accept header; raise NotAcceptable if none fits."""
    if not accept or accept == "*/*":
        return default
    name = negotiate_type(accept, [default, *(name for name in ANSWER_ENCODINGS if name != default)])
    if name is None:
        raise NotAcceptable(f"expected an Accept of {', '.join(ANSWER_ENCODINGS)}, found {accept!r}")
    return name


def _translate_errors(
    records: Iterator[Features], stream: "BoundedStream", is_type_guessed: bool
) -> Iterator[Features]:
    """Yield the records; raise BadPayload for a DecodeError and for an empty body.

    Where the type was only guessed, a DecodeError is raised as UnsupportedMediaType.
    """
    try:
        yield from records
    except DecodeError as error:
        if not stream.bytes_read and not stream.read(1):
            raise BadPayload("the body is empty; expected one or more records") from None
        if is_type_guessed:
            raise UnsupportedMediaType(
                f"no Content-Type, expected one of {', '.join(REQUEST_DECODERS)}; as CSV, {error}"
            ) from None
        raise BadPayload(str(error)) from None
    if not stream.bytes_read:
        raise BadPayload("the body is empty; expected one or more records")


def _slice_records(records: Iterator[Features], model: ServedModel) -> Iterator[Features]:
    """Split blocks so that the values read and computed at once fit a processor's cache; skip empty blocks."""
    for X in records:
        dense = not isinstance(X, Csr)
        step = max(1, VALUES_AT_ONCE // max(model.outputs, model.feature_dim if dense else 1))
        if 0 < X.shape[0] <= step:
            yield X
            continue
        for first in range(0, X.shape[0], step):
            yield slice_rows(X, first, min(first + step, X.shape[0]))


def _check_finite_scores(columns: Mapping[str, NDArray[Any]], first_record: int) -> None:
    """Raise BadPayload for a score that is not finite; `first_record` is the number of the first row."""
    for name, values in columns.items():
        if values.dtype.kind == "f" and not all_finite(values):
            row = int(np.flatnonzero(~np.isfinite(values).reshape(len(values), -1).all(axis=1))[0])
            raise BadPayload(f"record {first_record + row}: its {name} is not finite; are its features too large?")


class BoundedStream:
    """A stream that is read up to `limit_bytes`, 0 for no limit; `bytes_read` counts."""

    def __init__(self, stream: Stream, limit_bytes: int) -> None:
        self._stream = stream
        self._limit = limit_bytes
        self.bytes_read = 0

    def read(self, size: int = -1) -> bytes:
        """Read as from the stream; raise PayloadTooLarge beyond the limit."""
        data = self._read_all() if size < 0 else self._stream.read(size)
        self.bytes_read += len(data)
        if self._limit and self.bytes_read > self._limit:
            raise PayloadTooLarge(f"the body is larger than the limit of {self._limit >> 20} MB")
        return data

    def _read_all(self) -> bytes:
        """Read to the end, or beyond the limit."""
        if not self._limit:
            return self._stream.read()
        parts, left = [], self._limit + 1 - self.bytes_read
        while left > 0 and (part := self._stream.read(left)):
            parts.append(part)
            left -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


class PrefixedStream:
    """A stream with the bytes that were already read from it put back in front."""

    def __init__(self, head: bytes, stream: Stream) -> None:
        self.head = head
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        """Read first from `head`, then from the stream."""
        if size < 0:
            head, self.head = self.head, b""
            return head + self._stream.read()
        if not self.head:
            return self._stream.read(size)
        part, self.head = self.head[:size], self.head[size:]
        return part + (self._stream.read(size - len(part)) if size > len(part) else b"")


class GunzipStream:
    """The decompressed contents of a gzip stream of one or more members."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._member: Any = zlib.decompressobj(31)
        self._waiting = b""
        self._begun = False

    def read(self, size: int = -1) -> bytes:
        """Return `size` bytes, fewer only at the end; raise BadPayload where the data is truncated or not gzip."""
        parts = []
        left = size if size >= 0 else 1 << 62
        while left:
            if self._member.eof:
                self._waiting = self._member.unused_data
                self._member, self._begun = zlib.decompressobj(31), False
            data = self._waiting or self._stream.read(_COMPRESSED_BYTES)
            if not data:
                if self._begun:
                    raise BadPayload("the gzip data of the body is cut short")
                break
            self._begun = True
            try:
                part = self._member.decompress(data, left)
            except zlib.error as error:
                raise BadPayload(f"the gzip data of the body is corrupt: {error}") from None
            self._waiting = self._member.unconsumed_tail
            parts.append(part)
            left -= len(part)
        return b"".join(parts)
