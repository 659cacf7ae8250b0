"""A stream of text as blocks of whole lines, in bounded memory."""

from collections.abc import Iterator
from typing import BinaryIO

from container.codecs.sniffing.sniff import BYTE_ORDER_MARK, explain_mismatch, may_be_type
from container.contract.errors import DecodeError
from container.rows.blocks import BLOCK_BYTES

_TEXT_BYTES = BLOCK_BYTES
_LINE_BYTES = 64 << 20
_REQUEST_BYTES = 256 << 10  # decoding it keeps the other threads of a server waiting for one or two milliseconds


def read_training_lines(stream: BinaryIO, media_type: str) -> Iterator[bytes]:
    """Yield training data in blocks of whole lines, about 4 MB each.

    Every line ends in a line break, the last one too. A byte order mark is dropped. Raises DecodeError if the beginning
    is not of `media_type`, and for a line of more than 64 MB.
    """
    return _split_whole_lines(iter(lambda: _read_fully(stream, _TEXT_BYTES), b""), media_type, is_request=False)


def read_request_lines(stream: BinaryIO, media_type: str) -> Iterator[bytes]:
    """Yield a request in blocks of whole lines: up to 256 KiB, or whatever the stream returns at once.

    Otherwise as `read_training_lines`.
    """
    return _split_whole_lines(read_available(stream), media_type, is_request=True)


def read_available(stream: BinaryIO) -> Iterator[bytes]:
    """Yield what each read of the stream returns, the first long enough to recognize a byte order mark."""
    text = stream.read(_REQUEST_BYTES)
    while len(text) < len(BYTE_ORDER_MARK) and BYTE_ORDER_MARK.startswith(text):
        if not (more := stream.read(_REQUEST_BYTES)):
            break
        text += more
    while text:
        yield text
        text = stream.read(_REQUEST_BYTES)


def _split_whole_lines(texts: Iterator[bytes], media_type: str, is_request: bool) -> Iterator[bytes]:
    rest: list[bytes] = []
    offset = held = 0
    for text in texts:
        if not offset:
            text = check_and_strip_start(text, media_type, is_request)
        offset += len(text)
        end = max(text.rfind(b"\n"), text.rfind(b"\r", 0, -1)) + 1
        if end:
            yield b"".join((*rest, memoryview(text)[:end])) if rest or end < len(text) else text
            rest, held = [], 0
        rest.append(text[end:])
        held += len(text) - end
        if held > _LINE_BYTES:
            problem = f"a line of more than {_LINE_BYTES >> 20} MB. Is this {media_type}? Every row is a line"
            raise DecodeError(problem, f"byte {offset - held}")
    if held:
        yield b"".join((*rest, b"\n"))


def check_and_strip_start(start: bytes, media_type: str, is_request: bool) -> bytes:
    """Check that a text begins as `media_type` does, and return it without a byte order mark; raises DecodeError."""
    if not may_be_type(media_type, start):
        raise DecodeError(explain_mismatch(media_type, start, is_request))
    return start.removeprefix(BYTE_ORDER_MARK)


def _read_fully(stream: BinaryIO, size: int) -> bytes:
    """Read `size` bytes, fewer only at the end of the stream."""
    parts = []
    while size and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
