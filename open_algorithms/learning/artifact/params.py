"""Parser of MXNet's file of named arrays that does not need MXNet and validates every size before it allocates."""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from open_algorithms.learning.artifact.archives import PARAMETERS_FILE
from open_algorithms.learning.job.errors import InputError

WEIGHT, BIAS = "arg:fc0_weight", "arg:fc0_bias"
LIST_MAGIC, ARRAY_MAGIC = 0x112, 0xF993FAC9
OTHER_VERSIONS = {0xF993FAC8: "before 0.12", 0xF993FACA: "with numpy's shapes"}
TYPE_NAMES = {0: "float32", 1: "float64", 2: "float16", 3: "uint8", 4: "int32", 5: "int8", 6: "int64", 7: "bool"}
STORAGE_NAMES = {0: "dense", 1: "row_sparse", 2: "csr"}
FLOAT32, DENSE = 0, 0
ITEM_BYTES = 4
LONGEST_NAME = 64
CHECKED_AT_ONCE = 1 << 20  # numbers that are checked

Floats = NDArray[np.float32]


def read_parameters(content: bytes | bytearray) -> tuple[Floats, Floats]:
    """Return the weight (d, K) and the bias (K,) as views of `content`.

    Raises InputError unless the file holds exactly these two arrays, dense, float32, finite, and of matching shapes.
    """
    cursor = ByteCursor(content)
    if (magic := cursor.take_number("Q")) != LIST_MAGIC:
        raise InputError(f"{PARAMETERS_FILE} begins with {magic:#x}; expected MXNet's list of arrays, {LIST_MAGIC:#x}.")
    cursor.take_number("Q")
    arrays = [read_array(cursor) for _ in range(read_pair_count(cursor, "arrays"))]
    names = [read_array_name(cursor) for _ in range(read_pair_count(cursor, "names"))]
    if sorted(names) != [BIAS, WEIGHT]:
        raise InputError(f"{PARAMETERS_FILE} holds {names[0]!r} and {names[1]!r}; expected {WEIGHT!r} and {BIAS!r}.")
    if cursor.bytes_left:
        raise InputError(f"{PARAMETERS_FILE} goes on for {cursor.bytes_left} bytes after its last name.")
    named = dict(zip(names, arrays, strict=True))
    weight, bias = named[WEIGHT], named[BIAS]
    if weight.ndim != 2 or bias.shape not in ((1, weight.shape[1]), (weight.shape[1],)):
        raise InputError(
            f"The model's shapes disagree: fc0_weight {weight.shape} and fc0_bias {bias.shape}; expected (d, K) and "
            "(1, K)."
        )
    for name, array in named.items():
        if not are_all_finite(array.reshape(-1)):
            raise InputError(f"The model holds numbers that are not finite, in {name}.")
    return weight, bias.reshape(-1)


def read_pair_count(cursor: "ByteCursor", what: str) -> int:
    """Read a count and require it to be two."""
    if (count := cursor.take_number("Q")) != 2:
        raise InputError(f"{PARAMETERS_FILE} announces {count} {what}; expected 2, {WEIGHT} and {BIAS}.")
    return 2


def read_array(cursor: "ByteCursor") -> Floats:
    """Parse one array."""
    if (magic := cursor.take_number("I")) != ARRAY_MAGIC:
        version = OTHER_VERSIONS.get(magic, "of an unknown or very old version")
        raise InputError(
            f"{PARAMETERS_FILE} holds an array as written by MXNet {version} ({magic:#x}); expected "
            f"{ARRAY_MAGIC:#x}: load "
            "it with mx.nd.load and save it with mx.nd.save of MXNet 0.12 or later."
        )
    if (storage := cursor.take_number("i")) != DENSE:
        raise InputError(
            f"{PARAMETERS_FILE} holds an array stored as {STORAGE_NAMES.get(storage, storage)}; expected dense."
        )
    if (dimensions := cursor.take_number("I")) not in (1, 2):
        raise InputError(f"{PARAMETERS_FILE} holds an array of {dimensions} dimensions; expected 1 or 2.")
    shape = [cursor.take_number("q") for _ in range(dimensions)]
    cursor.take_number("ii")  # the device it lay on
    if (kind := cursor.take_number("i")) != FLOAT32:
        raise InputError(f"{PARAMETERS_FILE} holds an array of type {TYPE_NAMES.get(kind, kind)}; expected float32.")
    size = 1
    for length in shape:
        size *= length
    if min(shape) < 1 or size * ITEM_BYTES > cursor.bytes_left:
        raise InputError(
            f"{PARAMETERS_FILE} holds an array of shape {tuple(shape)}; expected one that fits into the "
            f"{cursor.bytes_left} bytes "
            "that follow."
        )
    return np.frombuffer(cursor.take_bytes(size * ITEM_BYTES), "<f4").reshape(shape)


def read_array_name(cursor: "ByteCursor") -> str:
    """Parse one name."""
    if (length := cursor.take_number("Q")) > LONGEST_NAME:
        raise InputError(f"{PARAMETERS_FILE} announces a name of {length} bytes; expected {WEIGHT} or {BIAS}.")
    return str(cursor.take_bytes(length), "utf-8", "backslashreplace")


def are_all_finite(numbers: Floats) -> bool:
    """Return whether all `numbers` (n,) are finite, in chunks, so that no mask of the full length is allocated."""
    return all(
        np.isfinite(numbers[start : start + CHECKED_AT_ONCE]).all() for start in range(0, len(numbers), CHECKED_AT_ONCE)
    )


class ByteCursor:
    """A read position in a buffer that only moves forward and never past the end."""

    def __init__(self, content: bytes | bytearray) -> None:
        """Start at the first byte."""
        self.content = memoryview(content).toreadonly()
        self.position = 0

    @property
    def bytes_left(self) -> int:
        """Return how many bytes remain."""
        return len(self.content) - self.position

    def take_bytes(self, size: int) -> memoryview:
        """Return the next `size` bytes; raise InputError where fewer remain."""
        if size > self.bytes_left:
            raise InputError(f"{PARAMETERS_FILE} is cut short at byte {len(self.content)}.")
        self.position += size
        return self.content[self.position - size : self.position]

    def take_number(self, layout: str) -> Any:
        """Read little-endian numbers in the `struct` format `layout`; return the first of them."""
        return struct.unpack("<" + layout, self.take_bytes(struct.calcsize("<" + layout)))[0]
