"""A model as flat bytes in shared memory: one process of a server packs it, the others map it.

    magic (8), length of the header (8), header in JSON, padding, part, padding, part, padding, ...

Written and read by this program only; artifacts from outside are read elsewhere.

Tests: tests/linear_learner/artifact/test_packing.py.
"""

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from open_algorithms.learning.job.errors import InputError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PREFIX = struct.Struct("<8sQ")
ALIGNMENT = 64
LONGEST_HEADER = 64 << 20


def pack_parts(magic: bytes, header: Mapping[str, Any], parts: Sequence[memoryview]) -> list[memoryview]:
    """Return the buffers that, concatenated, are header and parts; no part is copied."""
    text = json.dumps(header).encode()
    if len(text) > LONGEST_HEADER:
        raise ValueError(f"the header is {len(text)} bytes, beyond {LONGEST_HEADER}")
    buffers = []
    for part in (memoryview(PREFIX.pack(magic, len(text)) + text), *parts):
        view = part.toreadonly().cast("B")
        buffers += [view, memoryview(bytes(-len(view) % ALIGNMENT))]
    return buffers


def packed_size(buffers: Sequence[memoryview]) -> int:
    """Return the total size of the buffers in bytes."""
    return sum(map(len, buffers))


def unpack_parts(
    magic: bytes, buffer: "ReadableBuffer", sizes: Callable[[dict[str, Any]], Sequence[int]]
) -> tuple[dict[str, Any], list[memoryview]]:
    """Return the header and the parts that are packed in `buffer`, as read-only views.

    `sizes(header)` returns the size of each part in bytes. Raises InputError where the buffer does not start with a
    complete packed model.
    """
    view = memoryview(buffer).toreadonly().cast("B")
    found, length = PREFIX.unpack_from(view) if len(view) >= PREFIX.size else (b"", 0)
    if found != magic or length > LONGEST_HEADER or PREFIX.size + length > len(view):
        raise InputError(f"Expected a packed model that begins with {magic!r}, found {found!r} in {len(view)} bytes.")
    header: dict[str, Any] = json.loads(bytes(view[PREFIX.size : PREFIX.size + length]))
    end, parts = PREFIX.size + length, []
    for size in sizes(header):
        start = end + -end % ALIGNMENT
        end = start + size
        parts.append(view[start:end])
    if end > len(view):
        raise InputError(f"Expected a packed model of {end} bytes, found {len(view)}.")
    return header, parts
