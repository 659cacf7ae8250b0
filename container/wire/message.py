"""HTTP/1.1 as bytes (RFC 9112): where a request's head ends, the framing of its body, a short error response."""

from collections.abc import Callable
from http import HTTPStatus

from container.contract.errors import BadPayload, encode_error

HEAD_BYTES = 64 << 10
_MOST_LINE_BYTES = 1024
_MOST_TRAILER_BYTES = 8192

WriteBytes = Callable[[memoryview], object]


class BadHead(Exception):
    """Bytes that are not the head of an HTTP/1.1 request, with the status to answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Inbox:
    """Received bytes that belong to no request yet."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._searched_bytes = 0

    def __len__(self) -> int:
        return len(self._bytes)

    def add_data(self, data: memoryview | bytes) -> None:
        """Append received bytes."""
        self._bytes += data

    def take_head(self) -> bytes | None:
        """Take the head of the next request out once it is complete, else return None; skip empty lines before it.

        Raises BadHead if the head is too long or has a line that does not end in CR LF.
        """
        if not self._searched_bytes:
            self._bytes = self._bytes.lstrip(b"\r\n")
        end = self._bytes.find(b"\r\n\r\n", max(0, self._searched_bytes - 3)) + 4
        if end >= 4:
            self._searched_bytes = 0
            head = bytes(self._bytes[:end])
            del self._bytes[:end]
            return head
        self._searched_bytes = len(self._bytes)
        if len(self._bytes) > HEAD_BYTES:
            raise BadHead(431, "the headers of the request are too large")
        if self._bytes.count(b"\n") != self._bytes.count(b"\r\n"):
            raise BadHead(400, "not a request of HTTP/1.1: a line does not end in CR LF")
        return None

    def take_rest(self) -> bytes:
        """Take all bytes out."""
        rest = bytes(self._bytes)
        self._bytes.clear()
        return rest


class SizedBody:
    """A body of a known length."""

    def __init__(self, length: int) -> None:
        self.bytes_left = length
        self.is_complete = not length

    def feed_data(self, data: memoryview, write: WriteBytes) -> int:
        """Pass the body's bytes in `data` to `write`; return how many bytes of `data` were used."""
        part = data[: self.bytes_left]
        write(part)
        self.bytes_left -= len(part)
        self.is_complete = not self.bytes_left
        return len(part)


class ChunkedBody:
    """A body in chunked transfer coding; trailers are discarded."""

    def __init__(self) -> None:
        self.bytes_left = 0
        self.is_complete = False
        self._line = bytearray()
        self._read_line: Callable[[bytes], None] = self._read_chunk_size
        self._trailers = 0

    def feed_data(self, data: memoryview, write: WriteBytes) -> int:
        """Pass the contents of the chunks in `data` to `write`; return how many bytes of `data` were used.

        Raises BadPayload where the coding is malformed.
        """
        at = 0
        while at < len(data) and not self.is_complete:
            if self.bytes_left:
                part = data[at : at + self.bytes_left]
                write(part)
                at += len(part)
                self.bytes_left -= len(part)
                continue
            ahead = bytes(data[at : at + _MOST_LINE_BYTES])
            end = ahead.find(b"\n") + 1
            self._line += ahead[:end] if end else ahead
            at += end or len(ahead)
            if len(self._line) > _MOST_LINE_BYTES:
                raise BadPayload("the chunked body has a line that does not end")
            if end:
                line = bytes(self._line)
                self._line.clear()
                if not line.endswith(b"\r\n"):
                    raise BadPayload("the chunked body has a line that does not end in CR LF")
                self._read_line(line[:-2])
        return at

    def _read_chunk_size(self, line: bytes) -> None:
        digits = line.partition(b";")[0].rstrip(b" \t")
        if not 0 < len(digits) <= 15 or digits.strip(b"0123456789abcdefABCDEF"):
            raise BadPayload(f"the chunked body has a chunk of length {line[:40].decode('latin-1')!r}")
        self.bytes_left = int(digits, 16)
        self._read_line = self._read_chunk_end if self.bytes_left else self._read_trailer

    def _read_chunk_end(self, line: bytes) -> None:
        if line:
            raise BadPayload("the chunked body has a chunk that is longer than it says")
        self._read_line = self._read_chunk_size

    def _read_trailer(self, line: bytes) -> None:
        self._trailers += len(line)
        if self._trailers > _MOST_TRAILER_BYTES:
            raise BadPayload(f"the chunked body has trailers of more than {_MOST_TRAILER_BYTES} bytes")
        self.is_complete = not line


def format_error(status: int, reason: str) -> bytes:
    """Format an error response that closes the connection."""
    body = encode_error(reason)
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
