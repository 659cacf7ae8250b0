"""Incremental framing of a request's body, by Content-Length or in chunks (RFC 9112, sections 6 and 7)."""

from collections.abc import Callable

from container.contract.errors import BadPayload

_MOST_LINE_BYTES = 1024
_MOST_TRAILER_BYTES = 8192

WriteBytes = Callable[[memoryview], object]


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
