"""MXNet's file of arrays, read and written without MXNet; every size is checked before it is believed.

    magic (8), reserved (8), number of arrays (8), arrays, number of names (8), names

An array is: magic (4), storage (4), dimensions (4), lengths (8 each), device (8), type (4), numbers. Written as
MXNet 1.9 does it, on the first processor.
"""

import struct
from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from open_algorithms.learning.job.errors import InputError

LIST_MAGIC, ARRAY_MAGIC = 0x112, 0xF993FAC9
OTHER_VERSIONS = {0xF993FAC8: "before 0.12", 0xF993FACA: "with numpy's shapes"}
TYPE_NAMES = {0: "float32", 1: "float64", 2: "float16", 3: "uint8", 4: "int32", 5: "int8", 6: "int64", 7: "bool"}
STORAGE_NAMES = {0: "dense", 1: "row_sparse", 2: "csr"}
FLOAT32, DENSE = 0, 0
PROCESSOR = (1, 0)  # the device and its number
ITEM_BYTES = 4
LONGEST_NAME = 64
CHECKED_AT_ONCE = 1 << 20  # numbers that are checked

Floats = NDArray[np.float32]


def read_arrays(
    content: bytes | bytearray, file: str, counts: Container[int], expected: str
) -> tuple[list[str], list[Floats]]:
    """Return the names, in their order, and the arrays, as read-only views of `content`; names may be missing.

    Raises InputError unless the file holds so many dense float32 arrays of finite numbers, and nothing else; it names
    the `file`, and says what was `expected`.
    """
    cursor = ByteCursor(content, file)
    if (magic := cursor.take_number("Q")) != LIST_MAGIC:
        raise InputError(f"{file} begins with {magic:#x}; expected MXNet's list of arrays, {LIST_MAGIC:#x}.")
    cursor.take_number("Q")
    if (count := cursor.take_number("Q")) not in counts:
        raise InputError(f"{file} announces {count} arrays; expected {expected}.")
    arrays = [read_array(cursor) for _ in range(count)]
    if (named := cursor.take_number("Q")) not in (0, count):
        raise InputError(f"{file} announces {named} names; expected {expected}.")
    names = [read_array_name(cursor, expected) for _ in range(named)]
    if cursor.bytes_left:
        raise InputError(f"{file} goes on for {cursor.bytes_left} bytes after its last name.")
    return names, arrays


def format_arrays(arrays: Mapping[str, Floats] | Sequence[Floats]) -> bytes:
    """Return the content of a file of float32 arrays, by name or without names, as `mx.nd.save` writes it."""
    return b"".join(list_parts(arrays))


def list_parts(arrays: Mapping[str, Floats] | Sequence[Floats]) -> list[bytes | memoryview]:
    """Return the same in parts, of which those with numbers are views of the arrays, where these lie row by row."""
    names, values = (list(arrays), list(arrays.values())) if isinstance(arrays, Mapping) else ([], list(arrays))
    parts: list[bytes | memoryview] = [struct.pack("<QQQ", LIST_MAGIC, 0, len(values))]
    for array in values:
        layout = f"<IiI{array.ndim}qiii"
        parts += [
            struct.pack(layout, ARRAY_MAGIC, DENSE, array.ndim, *array.shape, *PROCESSOR, FLOAT32),
            np.ascontiguousarray(array, "<f4").data.cast("B"),
        ]
    parts.append(struct.pack("<Q", len(names)))
    for name in names:
        parts += [struct.pack("<Q", len(name.encode())), name.encode()]
    return parts


def require_finite(name: str, array: Floats) -> None:
    """Raise InputError where an array of a model holds a number that is not finite."""
    if not are_all_finite(array.reshape(-1)):
        raise InputError(f"The model holds numbers that are not finite, in {name}.")


def read_array(cursor: "ByteCursor") -> Floats:
    """Parse one array."""
    if (magic := cursor.take_number("I")) != ARRAY_MAGIC:
        version = OTHER_VERSIONS.get(magic, "of an unknown or very old version")
        raise InputError(
            f"{cursor.file} holds an array as written by MXNet {version} ({magic:#x}); expected "
            f"{ARRAY_MAGIC:#x}: load "
            "it with mx.nd.load and save it with mx.nd.save of MXNet 0.12 or later."
        )
    if (storage := cursor.take_number("i")) != DENSE:
        raise InputError(
            f"{cursor.file} holds an array stored as {STORAGE_NAMES.get(storage, storage)}; expected dense."
        )
    if (dimensions := cursor.take_number("I")) not in (1, 2):
        raise InputError(f"{cursor.file} holds an array of {dimensions} dimensions; expected 1 or 2.")
    shape = [cursor.take_number("q") for _ in range(dimensions)]
    cursor.take_number("ii")  # the device it lay on
    if (kind := cursor.take_number("i")) != FLOAT32:
        raise InputError(f"{cursor.file} holds an array of type {TYPE_NAMES.get(kind, kind)}; expected float32.")
    size = 1
    for length in shape:
        size *= length
    if min(shape) < 1 or size * ITEM_BYTES > cursor.bytes_left:
        raise InputError(
            f"{cursor.file} holds an array of shape {tuple(shape)}; expected one that fits into the "
            f"{cursor.bytes_left} bytes "
            "that follow."
        )
    return np.frombuffer(cursor.take_bytes(size * ITEM_BYTES), "<f4").reshape(shape)


def read_array_name(cursor: "ByteCursor", expected: str) -> str:
    """Parse one name."""
    if (length := cursor.take_number("Q")) > LONGEST_NAME:
        raise InputError(f"{cursor.file} announces a name of {length} bytes; expected {expected}.")
    return str(cursor.take_bytes(length), "utf-8", "backslashreplace")


def are_all_finite(numbers: Floats) -> bool:
    """Return whether all `numbers` (n,) are finite, in chunks, so that no mask of the full length is allocated."""
    return all(
        np.isfinite(numbers[start : start + CHECKED_AT_ONCE]).all() for start in range(0, len(numbers), CHECKED_AT_ONCE)
    )


class ByteCursor:
    """A read position in a buffer that only moves forward and never past the end."""

    def __init__(self, content: bytes | bytearray, file: str) -> None:
        """Start at the first byte of the `file`."""
        self.file, self.content = file, memoryview(content).toreadonly()
        self.position = 0

    @property
    def bytes_left(self) -> int:
        """Return how many bytes remain."""
        return len(self.content) - self.position

    def take_bytes(self, size: int) -> memoryview:
        """Return the next `size` bytes; raise InputError where fewer remain."""
        if size > self.bytes_left:
            raise InputError(f"{self.file} is cut short at byte {len(self.content)}.")
        self.position += size
        return self.content[self.position - size : self.position]

    def take_number(self, layout: str) -> Any:
        """Read little-endian numbers in the `struct` format `layout`; return the first of them."""
        return struct.unpack("<" + layout, self.take_bytes(struct.calcsize("<" + layout)))[0]
