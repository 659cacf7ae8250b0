"""Collective operations over the hosts of a job. All hosts must call the same ones in the same order.

Tests: tests/linear_learner/training/test_hosts.py.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from open_algorithms.learning.types.arrays import AnyArray, Bools, Float32s, Floats, Numbers

Number = TypeVar("Number", bound=np.integer[Any] | np.floating[Any])
ReduceInto = Callable[[Float32s, Float32s], None]
NUMBERS_AT_ONCE = 2**22  # numbers of a large array that travel at once


class HostsStopped(KeyboardInterrupt):
    """Raised on all hosts at the same collective operation, because one of them was asked to stop."""


class Hosts:
    """The hosts of a job; this process is that of `rank`. Decisions of host 0 hold for all.

    `reduce_into(sent, total)` sets `total` (n,) to the float32 sum of all hosts' `sent` (n,); it blocks until all
    have called it. It is None where there is only one host.
    """

    def __init__(
        self, names: Sequence[str] = ("algo-1",), rank: int = 0, reduce_into: ReduceInto | None = None
    ) -> None:
        self.names, self.rank, self.reduce_into = tuple(names), rank, reduce_into
        self.asked_to_stop = False

    @property
    def count(self) -> int:
        """The number of hosts."""
        return len(self.names)

    @contextmanager
    def stopping_together(self) -> Iterator[None]:
        """Turn a KeyboardInterrupt on one of several hosts into HostsStopped on all, at the next all_reduce."""
        try:
            yield
        except HostsStopped:
            raise
        except KeyboardInterrupt:
            if self.count == 1:
                raise
            self.asked_to_stop = True

    def exchange_buffer(self, size: int) -> "ExchangeBuffer":
        """Return a reusable buffer for the exchange of `size` numbers."""
        return ExchangeBuffer(self, size)

    def all_reduce(self, values: Numbers | Bools | Sequence[Any]) -> Floats:
        """Return the sum of the hosts' arrays of one shape: float32 arrays in float32, all others in float64."""
        values = as_floats(values)
        if self.count == 1:
            return values
        if values.dtype == np.float32:
            return self.all_reduce_float32(values)
        flat, result = values.reshape(-1), np.empty(values.size)
        length = max(1, NUMBERS_AT_ONCE // (4 * self.count))
        for first in range(0, len(flat), length):
            part = flat[first : first + length]
            each = np.zeros((self.count, len(part)))
            each[self.rank] = part
            result[first : first + length] = self.combine_disjoint(each).sum(axis=0)
        return result.reshape(values.shape)

    def all_reduce_float32(self, values: Numbers) -> Float32s:
        """Return the sum of the hosts' float32 arrays of one shape."""
        flat, result = values.reshape(-1), np.empty(values.size, np.float32)
        for first in range(0, max(1, len(flat)), NUMBERS_AT_ONCE):
            part = flat[first : first + NUMBERS_AT_ONCE]
            message = self.exchange_buffer(len(part))
            message.sent[:] = part
            result[first : first + NUMBERS_AT_ONCE] = message.all_reduce()
        return result.reshape(values.shape)

    def combine_disjoint(self, values: NDArray[Number]) -> NDArray[Number]:
        """Combine the hosts' arrays of one shape bit by bit.

        Each element is set on at most one host and zero on the others. Types wider than float32 are sent in parts of 16
        bits: MXNet's servers may sum in float32 whatever they are sent, depending on a setting that they never
        initialise.
        """
        if values.dtype == np.float32:
            return self.all_reduce_float32(values).astype(values.dtype, copy=False)
        parts = np.ascontiguousarray(values).reshape(-1).view(np.uint16).astype(np.float32)
        return self.all_reduce_float32(parts).astype(np.uint16).view(values.dtype).reshape(values.shape)

    def all_gather(self, values: Numbers | Bools | Sequence[Any]) -> list[Floats]:
        """Return every host's array (n, ...), in the order of ranks; only n may differ between hosts."""
        values = as_floats(values)
        if self.count == 1:
            return [values]
        lengths = np.zeros(self.count)
        lengths[self.rank] = len(values)
        ends = np.cumsum(self.combine_disjoint(lengths)).astype(int)
        everything = np.zeros((ends[-1], *values.shape[1:]), values.dtype)
        everything[ends[self.rank] - len(values) : ends[self.rank]] = values
        return np.split(self.combine_disjoint(everything), ends[:-1])

    def broadcast(self, values: Numbers) -> Floats:
        """Return host 0's array on every host; all must pass arrays of one shape."""
        values = as_floats(values)
        return values if self.count == 1 else self.combine_disjoint(values if self.rank == 0 else np.zeros_like(values))

    def all_gather_texts(self, text: str) -> list[str]:
        """Return every host's text, in the order of ranks."""
        letters = np.frombuffer(text.encode(), np.uint8)
        return [part.astype(np.uint8).tobytes().decode() for part in self.all_gather(letters)]

    def broadcast_text(self, text: str) -> str:
        """Return host 0's text on every host."""
        return self.all_gather_texts(text if self.rank == 0 else "")[0]

    def broadcast_json(self, value: Any) -> Any:
        """Return host 0's value, which must be serialisable to JSON, on every host."""
        return json.loads(self.broadcast_text(json.dumps(value)))

    def all_reduce_max(self, value: float) -> float:
        """Return the largest of the hosts' numbers."""
        return float(np.max(self.all_gather([value])))


class ExchangeBuffer:
    """A reusable buffer for an exchange: `sent` (n,) by this host, `total` (n,) over all, float32.

    One extra number carries the request to stop. Sizes are rounded up by a sixteenth at most, so that few different
    sizes occur.
    """

    def __init__(self, hosts: Hosts, size: int) -> None:
        self.hosts = hosts
        self.out, self.back = np.zeros((2, round_up_size(size + 1)), np.float32)
        self.sent: Float32s = self.out[:size]
        self.total: Float32s = self.back[:size]

    def all_reduce(self) -> Float32s:
        """Exchange the numbers and return the total. Raises HostsStopped on all hosts where one was asked to stop."""
        assert self.hosts.reduce_into is not None
        self.out[-1] = self.hosts.asked_to_stop
        self.hosts.reduce_into(self.out, self.back)
        if self.back[-1]:
            self.hosts.asked_to_stop = False
            raise HostsStopped
        return self.total


def as_floats(values: Numbers | Bools | Sequence[Any]) -> Floats:
    """Return an array: float32 as it is, all other types as float64."""
    array: AnyArray = np.asarray(values)
    return array if array.dtype == np.float32 else array.astype(np.float64, copy=False)


def round_up_size(size: int) -> int:
    """Round a size up so that only its five leading binary digits are non-zero."""
    step = 1 << max(0, size.bit_length() - 5)
    return -(-size // step) * step


SINGLE_HOST = Hosts()
