"""From the bytes of a request to those of its answer: content types settled, records read, scored and written."""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from container.codecs import READERS, WRITERS
from container.codecs.blocks import PLAIN, Features, Guide, Sparse, all_finite
from container.codecs.media import choose, parse
from container.codecs.sniff import HEAD_BYTES, sniff_request
from container.columns import arrange_features, arrange_numbered, show_names
from container.errors import BadPayload, DecodeError, NotAcceptable, PayloadTooLarge, UnsupportedMediaType

CSV = "text/csv"
_OF_CURL = "application/x-www-form-urlencoded"
_FOR_CURL = "Say -H 'Content-Type: text/csv', or what it is, and --data-binary, as -d drops line breaks"
ANSWER_BYTES = 128 << 20
WHOLE_BYTES = 100 << 20  # of JSON, which cannot be read in pieces
_COMPRESSED_BYTES = 64 << 10
VALUES_AT_ONCE = 1 << 18  # that are scored at once: they stay in a processor's cache


class Model(Protocol):
    """What is served: `predict` takes features (n, feature_dim), maybe sparse, and gives named columns of n rows."""

    @property
    def feature_dim(self) -> int:
        """The number of features of a record."""

    @property
    def outputs(self) -> int:
        """The number of values that are computed for a record."""

    def predict(self, X: Features) -> Mapping[str, NDArray[Any]]:
        """Score records."""


@runtime_checkable
class Named(Protocol):
    """What a model may know beside that: its features' names, and whether it tells more of a feature than float32."""

    @property
    def feature_dim(self) -> int:
        """The number of features of a record."""

    @property
    def names(self) -> Sequence[str]:
        """The names of the features, or none."""

    @property
    def exact(self) -> bool:
        """Whether features are to come in float64."""


class Stream(Protocol):
    """A body."""

    def read(self, size: int = -1, /) -> bytes:
        """Give some of the bytes that are left, no more than `size`; none at the end."""


class Answer:
    """The answer to one request, in parts; `rows` counts the records of those that were given."""

    def __init__(self, model: Model, records: Iterator[Features], content_type: str) -> None:
        """Score the first records; raise BadPayload where that cannot be done."""
        self.content_type = content_type
        self.rows = 0
        self._encoding = WRITERS[content_type]
        self._parts = self._score(model, records)
        self._first = next(self._parts, None)
        if self._first is None:
            raise BadPayload("no record in the body; expected one or more")

    def parts(self) -> Iterator[bytes]:
        """Yield the answer while the records are read; raise BadPayload for one that cannot be read or scored."""
        assert self._first is not None
        yield self._encoding.opening + self._first
        for part in self._parts:
            yield self._encoding.separator + part
        yield self._encoding.closing

    def whole(self) -> bytes:
        """Give the answer; raise PayloadTooLarge where it is more than is kept in memory."""
        kept, size = [], 0
        for part in self.parts():
            kept.append(part)
            size += len(part)
            if size > ANSWER_BYTES:
                raise PayloadTooLarge(f"the answer is larger than {ANSWER_BYTES >> 20} MB; send fewer records at once")
        return b"".join(kept)

    def _score(self, model: Model, records: Iterator[Features]) -> Iterator[bytes]:
        for X in _slices(records, model):
            columns = model.predict(X)
            _check_scores(columns, self.rows + 1)
            self.rows += X.shape[0]
            yield self._encoding.encode(columns)


def read_records(
    stream: Stream,
    content_type: str | None,
    content_encoding: str,
    features: int,
    limit: int,
    guide: Guide = PLAIN,
) -> Iterator[Features]:
    """Read the records of a body in pieces of (n, features), `limit` bytes of them at most, 0 for any number.

    Where a header names the columns, the guide orders them. Raises UnsupportedMediaType at once, BadPayload and
    PayloadTooLarge while reading.
    """
    if content_encoding == "gzip":
        stream = Inflated(stream)
    elif content_encoding not in ("", "identity"):
        raise UnsupportedMediaType(f"expected a Content-Encoding of gzip or none, found {content_encoding!r}")
    if content_type is None:
        found, stream = look(stream)
        media = parse(found if found in READERS else CSV)
    else:
        media = parse(content_type)
    if media.name not in READERS:
        hint = f", curl's own. {_FOR_CURL}" if media.name == _OF_CURL else ""
        raise UnsupportedMediaType(f"expected a Content-Type of {', '.join(READERS)}, found {content_type!r}{hint}")
    if not limit and media.name == "application/json":
        limit = WHOLE_BYTES
    guessed = content_type is None and media.name == CSV
    bounded = Bounded(stream, limit)
    return _read(READERS[media.name](cast(BinaryIO, bounded), media.parameters, features, guide), bounded, guessed)


def make_guide(model: Model, warn: Callable[[str], None]) -> Guide:
    """Have columns taken by the names that the model knows, if it does; those it does not know are left out."""
    if not isinstance(model, Named):
        return PLAIN

    def arrange(names: Sequence[str]) -> Sequence[int] | None:
        if not model.names:
            warn(
                "Requests name their columns, but the model does not know its features' names: they go by their places"
            )
            return arrange_numbered(names, model.feature_dim)
        order = arrange_features(names, model.names)
        if order.left_out:
            warn(f"Requests name columns that the model does not know; they are left out: {show_names(order.left_out)}")
        return order.columns

    return Guide(arrange, warn=warn, exact=model.exact)


def look(stream: Stream) -> tuple[str | None, "Joined"]:
    """Tell the type of a body by how it begins, as `sniff_request` does, and give the whole of the body."""
    head = stream.read(HEAD_BYTES)
    return sniff_request(head) if head else CSV, Joined(head, stream)


def choose_type(accept: str | None, default: str) -> str:
    """Choose the type of the answer; raise NotAcceptable where the client takes none that there is."""
    if not accept or accept == "*/*":
        return default
    name = choose(accept, [default, *(name for name in WRITERS if name != default)])
    if name is None:
        raise NotAcceptable(f"expected an Accept of {', '.join(WRITERS)}, found {accept!r}")
    return name


def _read(records: Iterator[Features], stream: "Bounded", guessed: bool) -> Iterator[Features]:
    try:
        yield from records
    except DecodeError as error:
        if not stream.size and not stream.read(1):
            raise BadPayload("the body is empty; expected one or more records") from None
        if guessed:
            raise UnsupportedMediaType(
                f"no Content-Type, expected one of {', '.join(READERS)}; as CSV, {error}"
            ) from None
        raise BadPayload(str(error)) from None
    if not stream.size:
        raise BadPayload("the body is empty; expected one or more records")


def _slices(records: Iterator[Features], model: Model) -> Iterator[Features]:
    """Cut records into so few that their values, and those computed of them, are not many; leave out what has none."""
    for X in records:
        dense = not isinstance(X, Sparse)
        step = max(1, VALUES_AT_ONCE // max(model.outputs, model.feature_dim if dense else 1))
        if 0 < X.shape[0] <= step:
            yield X
            continue
        for first in range(0, X.shape[0], step):
            yield _rows(X, first, min(first + step, X.shape[0]))


def _rows(X: Features, first: int, last: int) -> Features:
    if not isinstance(X, Sparse):
        return X[first:last]
    start, stop = X.indptr[first], X.indptr[last]
    indptr = X.indptr[first : last + 1] - start
    return Sparse(X.data[start:stop], X.indices[start:stop], indptr, (last - first, X.shape[1]))


def _check_scores(columns: Mapping[str, NDArray[Any]], number: int) -> None:
    for name, values in columns.items():
        if values.dtype.kind == "f" and not all_finite(values):
            row = int(np.flatnonzero(~np.isfinite(values).reshape(len(values), -1).all(axis=1))[0])
            raise BadPayload(f"record {number + row}: its {name} is not finite; are its features too large?")


class Bounded:
    """A stream of which no more than `limit` bytes are read, any number if it is 0; `size` counts them."""

    def __init__(self, stream: Stream, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        """Give as the stream does; raise PayloadTooLarge beyond the limit."""
        data = self._read_all() if size < 0 else self._stream.read(size)
        self.size += len(data)
        if self._limit and self.size > self._limit:
            raise PayloadTooLarge(f"the body is larger than the limit of {self._limit >> 20} MB")
        return data

    def _read_all(self) -> bytes:
        """Read to the end, or beyond the limit."""
        if not self._limit:
            return self._stream.read()
        parts, left = [], self._limit + 1 - self.size
        while left > 0 and (part := self._stream.read(left)):
            parts.append(part)
            left -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


class Joined:
    """What was read ahead of a stream, and then the stream."""

    def __init__(self, head: bytes, stream: Stream) -> None:
        self.head = head
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        """Give what is left of the head, and then what the stream gives."""
        if size < 0:
            head, self.head = self.head, b""
            return head + self._stream.read()
        if not self.head:
            return self._stream.read(size)
        part, self.head = self.head[:size], self.head[size:]
        return part + (self._stream.read(size - len(part)) if size > len(part) else b"")


class Inflated:
    """The contents of a gzip stream of one or more members."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._member: Any = zlib.decompressobj(31)
        self._waiting = b""
        self._begun = False

    def read(self, size: int = -1) -> bytes:
        """Give as many bytes as asked for, fewer at the end; raise BadPayload for what is no gzip."""
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
