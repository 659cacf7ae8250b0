"""Protobuf varints decoded in bulk: seven bits per byte, lowest first, the top bit set on all but the last byte."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from container.codecs.records.framing import Bytes, Positions

_MAX_BYTES = 9  # what is sure to fit a signed integer


def read_varints(data: Bytes, at: Positions) -> tuple[Positions, Positions]:
    """Decode the varint at each position of `at`, (n,). Returns the values and the positions behind them.

    The value is -1 if a varint has more than nine bytes or runs past the end of `data`.
    """
    values, after = np.zeros_like(at), at
    more = np.ones(len(at), np.bool_)
    for shift in range(0, 7 * _MAX_BYTES, 7):
        byte = data.take(after, mode="clip") * more
        values |= (byte & 0x7F).astype(np.int64) << shift
        after = after + more
        more = byte >= 0x80
        if not more.any():
            break
    values[more | (after > len(data))] = -1
    return values, after


def unpack_varints(data: Bytes) -> tuple[NDArray[Any], Positions] | None:
    """Decode `data`, a sequence of varints. Returns the values (n,) and their bounds (n + 1,).

    Returns None if one has more than eight bytes or the last is cut off.
    """
    bounds = np.append(0, np.flatnonzero(data < 0x80) + 1)
    lengths = np.diff(bounds)
    longest = int(lengths.max(initial=0))
    word = np.dtype("<u4" if longest <= 4 else "<u8")
    if longest > word.itemsize or bounds[-1] != len(data):
        return None
    padded = np.append(np.zeros(word.itemsize, np.uint8), data)
    ending: NDArray[Any] = np.ndarray(len(data) + 1, word, padded, strides=(1,))  # at every byte, the word before it
    words = ending.take(bounds[1:]) >> (8 * (word.itemsize - lengths)).astype(word)
    values = words & 0x7F
    for step in range(1, longest):
        values |= (words >> step) & (0x7F << 7 * step)
    return values, bounds
