"""recordIO framing: a magic number, a length whose top three bits tell split parts, the bytes, padding to four."""

import struct
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from container.contract.errors import DecodeError
from container.rows.blocks import Matrix

Bytes = NDArray[np.uint8]
Positions = NDArray[np.int64]

MAGIC = struct.pack("<I", 0xCED7230A)
HEADER_BYTES = 8
LENT_SHARE = 7 / 8  # of a window that numbers take, from which on they may hold all of it in memory

_WHOLE, _FIRST, _MIDDLE, _LAST = range(4)
_MAX_LENGTH = (1 << 29) - 1


def make_frame(payload: bytes) -> bytes:
    """Frame one record."""
    return MAGIC + struct.pack("<I", len(payload)) + payload + bytes(-len(payload) % 4)


def read_frame(data: memoryview, at: int, has_ended: bool) -> tuple[bytes, int] | None:
    """Read the record at offset `at`. Returns its payload and the offset of the next one.

    Returns None if `data` ends before the record does, unless the stream `has_ended`: then it raises DecodeError. The
    parts of a split record are joined by the magic number, at which they were split.
    """
    parts: list[bytes] = []
    size = 0
    flag = _FIRST
    while flag in (_FIRST, _MIDDLE):
        if (part := _read_frame_part(data, at, has_ended)) is None:
            return None
        payload, flag, at = part
        size += len(payload) + len(MAGIC)
        if flag > _LAST or (flag in (_WHOLE, _FIRST)) != (not parts):
            raise DecodeError(f"split flag {flag} is out of order: the file is corrupt")
        if parts and size > _MAX_LENGTH:
            raise DecodeError(f"the parts of a split record are longer than {_MAX_LENGTH} bytes: the file is corrupt")
        parts.append(payload)
    return MAGIC.join(parts), at


def find_frames(data: Bytes) -> tuple[Positions, Positions]:
    """Find the complete, unsplit records at the front of `data`: where each payload starts and stops, (n,) each."""
    words = data[: len(data) // 4 * 4].view("<u4")
    heads = np.flatnonzero(words[:-1] == int.from_bytes(MAGIC, "little"))
    lengths = words[heads + 1].astype(np.int64)
    after = heads + 2 + (lengths + 3) // 4
    chained = (after <= len(words)) & (heads == np.append(0, after[:-1]))
    count = leading_true_count(chained & (lengths <= _MAX_LENGTH))
    starts = heads[:count] * 4 + HEADER_BYTES
    return starts, starts + lengths[:count]


def leading_true_count(flags: NDArray[np.bool_]) -> int:
    """Return how many of `flags` (n,) are true before the first false one."""
    return int(np.append(flags, False).argmin())


def _read_frame_part(data: memoryview, at: int, has_ended: bool) -> tuple[bytes, int, int] | None:
    if at + HEADER_BYTES > len(data):
        if has_ended:
            raise DecodeError(f"the data ends inside a record header, {len(data) - at} of {HEADER_BYTES} bytes long")
        return None
    magic, word = struct.unpack_from("<4sI", data, at)
    if magic != MAGIC:
        raise DecodeError(f"expected the magic number {MAGIC.hex(' ')}, found {magic.hex(' ')}: the file is corrupt")
    start, length = at + HEADER_BYTES, word & _MAX_LENGTH
    after = start + length + -length % 4
    if after > len(data):
        if has_ended:
            raise DecodeError(f"a length of {length} bytes, but only {len(data) - start} follow: the file is cut short")
        return None
    return bytes(data[start : start + length]), word >> 29, after


class StreamWindow:
    """A sliding window over a stream: consumers take whole records from its front, the rest is kept for the next fill.

    It grows for a record that does not fit, but only as bytes arrive. Numbers that take most of it are not copied out:
    it is left to them and goes on in other memory, of at least `lent_size` bytes.
    """

    def __init__(self, stream: BinaryIO, size: int, lent_size: int = 0) -> None:
        self._stream = stream
        self._lent_size = lent_size
        self._buffer = np.empty(size, np.uint8)
        self._start = self._stop = 0
        self._is_lent = False
        self.offset = 0
        self.has_ended = False

    @property
    def unread_bytes(self) -> memoryview:
        """The bytes read and not yet consumed; the view is valid until the next fill."""
        return self._buffer.data[self._start : self._stop]

    def consume(self, count: int) -> None:
        """Drop the first `count` bytes."""
        self._start += count
        self.offset += count

    def lend_or_copy(self, X: Matrix) -> Matrix:
        """Return the numbers X, a view of the window, so that they outlast it: as they are, or a copy."""
        if X.flags.aligned and X.nbytes >= LENT_SHARE * len(self._buffer):
            self._is_lent = True
            return X
        return X.copy()

    def fill(self) -> bool:
        """Read until the window is full or the stream has ended. Returns whether it holds any bytes."""
        kept = self._stop - self._start
        size = len(self._buffer)
        if kept == size:
            size *= 2
        if self._is_lent:
            size = max(size, self._lent_size)
        if self._start or size != len(self._buffer):
            stays = size == len(self._buffer) and not self._is_lent
            buffer = self._buffer if stays else np.empty(size, np.uint8)
            buffer[:kept] = self._buffer[self._start : self._stop]
            self._buffer, self._start, self._stop = buffer, 0, kept
            self._is_lent = False
        with self._buffer.data as view:
            while not self.has_ended and self._stop < len(view):
                count = self._stream.readinto(view[self._stop :])  # type: ignore[attr-defined]
                self._stop += count
                self.has_ended = count == 0
        return self._stop > self._start
