"""Incremental framing of a request's body, by Content-Length or in chunks (RFC 9112, sections 6 and 7)."""

from collections.abc import Callable

from container.contract.errors import BadPayload

_LINE_BYTES = 1024
_TRAILER_BYTES = 8192

Write = Callable[[memoryview], object]


class Sized:
    """A body of a known length."""

    def __init__(self, length: int) -> None:
        self.left = length
        self.ended = not length

    def feed(self, data: memoryview, write: Write) -> int:
        """Pass the body's bytes in `data` to `write`; return how many bytes of `data` were used."""
        part = data[: self.left]
        write(part)
        self.left -= len(part)
        self.ended = not self.left
        return len(part)


class Chunked:
    """A body in chunked transfer coding; trailers are discarded."""

    def __init__(self) -> None:
        self.left = 0
        self.ended = False
        self._line = bytearray()
        self._read_line: Callable[[bytes], None] = self._read_size
        self._trailers = 0

    def feed(self, data: memoryview, write: Write) -> int:
        """Pass the contents of the chunks in `data` to `write`; return how many bytes of `data` were used.

        Raises BadPayload where the coding is malformed.
        """
        at = 0
        while at < len(data) and not self.ended:
            if self.left:
                part = data[at : at + self.left]
                write(part)
                at += len(part)
                self.left -= len(part)
                continue
            ahead = bytes(data[at : at + _LINE_BYTES])
            end = ahead.find(b"\n") + 1
            self._line += ahead[:end] if end else ahead
            at += end or len(ahead)
            if len(self._line) > _LINE_BYTES:
                raise BadPayload("the chunked body has a line that does not end")
            if end:
                line = bytes(self._line)
                self._line.clear()
                if not line.endswith(b"\r\n"):
                    raise BadPayload("the chunked body has a line that does not end in CR LF")
                self._read_line(line[:-2])
        return at

    def _read_size(self, line: bytes) -> None:
        digits = line.partition(b";")[0].rstrip(b" \t")
        if not 0 < len(digits) <= 15 or digits.strip(b"0123456789abcdefABCDEF"):
            raise BadPayload(f"the chunked body has a chunk of length {line[:40].decode('latin-1')!r}")
        self.left = int(digits, 16)
        self._read_line = self._read_end if self.left else self._read_trailer

    def _read_end(self, line: bytes) -> None:
        if line:
            raise BadPayload("the chunked body has a chunk that is longer than it says")
        self._read_line = self._read_size

    def _read_trailer(self, line: bytes) -> None:
        self._trailers += len(line)
        if self._trailers > _TRAILER_BYTES:
            raise BadPayload(f"the chunked body has trailers of more than {_TRAILER_BYTES} bytes")
        self.ended = not line
