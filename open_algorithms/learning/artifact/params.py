"""Parser of MXNet's file of named arrays that does not need MXNet and validates every size before it allocates."""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from open_algorithms.learning.artifact.archives import PARAMETERS
from open_algorithms.learning.job.errors import InputError

WEIGHT, BIAS = "arg:fc0_weight", "arg:fc0_bias"
LIST_MAGIC, ARRAY_MAGIC = 0x112, 0xF993FAC9
OTHER_MAGICS = {0xF993FAC8: "before 0.12", 0xF993FACA: "with numpy's shapes"}
TYPES = {0: "float32", 1: "float64", 2: "float16", 3: "uint8", 4: "int32", 5: "int8", 6: "int64", 7: "bool"}
STORAGE = {0: "dense", 1: "row_sparse", 2: "csr"}
FLOAT32, DENSE = 0, 0
ITEM_BYTES = 4
LONGEST_NAME = 64
AT_ONCE = 1 << 20  # numbers that are checked

Floats = NDArray[np.float32]


def read_arrays(content: bytes | bytearray) -> tuple[Floats, Floats]:
    """Return the weight (d, K) and the bias (K,) as views of `content`.

    Raises InputError unless the file holds exactly these two arrays, dense, float32, finite, and of matching shapes.
    """
    cursor = Cursor(content)
    if (magic := cursor.take("Q")) != LIST_MAGIC:
        raise InputError(f"{PARAMETERS} begins with {magic:#x}; expected MXNet's list of arrays, {LIST_MAGIC:#x}.")
    cursor.take("Q")
    arrays = [read_array(cursor) for _ in range(two_of(cursor, "arrays"))]
    names = [read_name(cursor) for _ in range(two_of(cursor, "names"))]
    if sorted(names) != [BIAS, WEIGHT]:
        raise InputError(f"{PARAMETERS} holds {names[0]!r} and {names[1]!r}; expected {WEIGHT!r} and {BIAS!r}.")
    if cursor.left:
        raise InputError(f"{PARAMETERS} goes on for {cursor.left} bytes after its last name.")
    named = dict(zip(names, arrays, strict=True))
    weight, bias = named[WEIGHT], named[BIAS]
    if weight.ndim != 2 or bias.shape not in ((1, weight.shape[1]), (weight.shape[1],)):
        raise InputError(
            f"The model's shapes disagree: fc0_weight {weight.shape} and fc0_bias {bias.shape}; expected (d, K) and "
            "(1, K)."
        )
    for name, array in named.items():
        if not all_finite(array.reshape(-1)):
            raise InputError(f"The model holds numbers that are not finite, in {name}.")
    return weight, bias.reshape(-1)


def two_of(cursor: "Cursor", what: str) -> int:
    """Read a count and require it to be two."""
    if (count := cursor.take("Q")) != 2:
        raise InputError(f"{PARAMETERS} announces {count} {what}; expected 2, {WEIGHT} and {BIAS}.")
    return 2


def read_array(cursor: "Cursor") -> Floats:
    """Parse one array."""
    if (magic := cursor.take("I")) != ARRAY_MAGIC:
        version = OTHER_MAGICS.get(magic, "of an unknown or very old version")
        raise InputError(
            f"{PARAMETERS} holds an array as written by MXNet {version} ({magic:#x}); expected {ARRAY_MAGIC:#x}: load "
            "it with mx.nd.load and save it with mx.nd.save of MXNet 0.12 or later."
        )
    if (storage := cursor.take("i")) != DENSE:
        raise InputError(f"{PARAMETERS} holds an array stored as {STORAGE.get(storage, storage)}; expected dense.")
    if (dimensions := cursor.take("I")) not in (1, 2):
        raise InputError(f"{PARAMETERS} holds an array of {dimensions} dimensions; expected 1 or 2.")
    shape = [cursor.take("q") for _ in range(dimensions)]
    cursor.take("ii")  # the device it lay on
    if (kind := cursor.take("i")) != FLOAT32:
        raise InputError(f"{PARAMETERS} holds an array of type {TYPES.get(kind, kind)}; expected float32.")
    size = 1
    for length in shape:
        size *= length
    if min(shape) < 1 or size * ITEM_BYTES > cursor.left:
        raise InputError(
            f"{PARAMETERS} holds an array of shape {tuple(shape)}; expected one that fits into the {cursor.left} bytes "
            "that follow."
        )
    return np.frombuffer(cursor.raw(size * ITEM_BYTES), "<f4").reshape(shape)


def read_name(cursor: "Cursor") -> str:
    """Parse one name."""
    if (length := cursor.take("Q")) > LONGEST_NAME:
        raise InputError(f"{PARAMETERS} announces a name of {length} bytes; expected {WEIGHT} or {BIAS}.")
    return str(cursor.raw(length), "utf-8", "backslashreplace")


def all_finite(numbers: Floats) -> bool:
    """Return whether all `numbers` (n,) are finite, in chunks, so that no mask of the full length is allocated."""
    return all(np.isfinite(numbers[start : start + AT_ONCE]).all() for start in range(0, len(numbers), AT_ONCE))


class Cursor:
    """A read position in a buffer that only moves forward and never past the end."""

    def __init__(self, content: bytes | bytearray) -> None:
        """Start at the first byte."""
        self.content = memoryview(content).toreadonly()
        self.place = 0

    @property
    def left(self) -> int:
        """Return how many bytes remain."""
        return len(self.content) - self.place

    def raw(self, size: int) -> memoryview:
        """Return the next `size` bytes; raise InputError where fewer remain."""
        if size > self.left:
            raise InputError(f"{PARAMETERS} is cut short at byte {len(self.content)}.")
        self.place += size
        return self.content[self.place - size : self.place]

    def take(self, layout: str) -> Any:
        """Read little-endian numbers in the `struct` format `layout`; return the first of them."""
        return struct.unpack("<" + layout, self.raw(struct.calcsize("<" + layout)))[0]
