"""The body of a request: unpacked, bounded, of a type that is said or recognized, and decoded to records."""

import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Protocol, cast

from container.codecs.registry import ASKED_DECODERS, REQUEST_DECODERS, parse_content_type
from container.codecs.sniffing.sniff import HEAD_BYTES, sniff_asked_type, sniff_request_type
from container.contract.errors import BadPayload, DecodeError, PayloadTooLarge, UnsupportedMediaType
from container.contract.media import MediaType
from container.rows.blocks import DEFAULT_OPTIONS, DecodeOptions, Features

CSV = "text/csv"
_CURL_DEFAULT_TYPE = "application/x-www-form-urlencoded"
_CURL_HINT = "Say -H 'Content-Type: text/csv', or what it is, and --data-binary, as -d drops line breaks"
WHOLE_BODY_BYTES = 100 << 20  # of what cannot be read in pieces
_WHOLE_TYPES = ("application/json", "application/x-parquet")
_COMPRESSED_BYTES = 64 << 10


class Stream(Protocol):
    """A readable body."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, all that are left if it is negative; b"" at the end."""


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
        found, stream = sniff_body(stream, options)
        media = parse_content_type(found if found in REQUEST_DECODERS else CSV)
    else:
        media = parse_content_type(content_type)
    if media.name not in REQUEST_DECODERS:
        hint = f", curl's own. {_CURL_HINT}" if media.name == _CURL_DEFAULT_TYPE else ""
        raise UnsupportedMediaType(
            f"expected a Content-Type of {', '.join(REQUEST_DECODERS)}, found {content_type!r}{hint}"
        )
    if not limit_bytes and media.name in _WHOLE_TYPES:
        limit_bytes = WHOLE_BODY_BYTES
    guessed = content_type is None and media.name == CSV
    bounded = BoundedStream(stream, limit_bytes)
    return _translate_errors(_decode_records(bounded, media, feature_dim, options), bounded, guessed)


def sniff_body(stream: Stream, options: DecodeOptions = DEFAULT_OPTIONS) -> tuple[str | None, "PrefixedStream"]:
    """Return the media type that the first bytes of a body suggest, and a stream of the whole body."""
    head = stream.read(HEAD_BYTES)
    sniff = sniff_request_type if options.table is None else sniff_asked_type
    return sniff(head) if head else CSV, PrefixedStream(head, stream)


def _decode_records(
    stream: "BoundedStream", media: MediaType, feature_dim: int, options: DecodeOptions
) -> Iterator[Features]:
    """Decode the records of a body: rows of a table where the model is of one, unless the type holds features only."""
    body, asked = cast(BinaryIO, stream), ASKED_DECODERS.get(media.name)
    if options.table is not None and asked is not None:
        yield from asked(body, media.parameters, options.table)
    else:
        yield from REQUEST_DECODERS[media.name](body, media.parameters, feature_dim, options)


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
