"""What the hosts of a job tell each other: sums, in which all of them take part, in the same order."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]
Add = Callable[[Floats, Floats], None]
CHUNK = 2**22  # numbers of a large array that travel at once


class Stopped(KeyboardInterrupt):
    """All hosts end here what they do, since one of them was asked to stop."""


class Hosts:
    """The hosts of a job, of which this is the one of `rank`; what host 0 decides holds for all.

    `add(sent, total)` sets `total` (n,) to the sum of what all hosts have sent, float32; whoever calls it waits for the
    others, who must send as many numbers. It is None where there is one host.
    """

    def __init__(self, names: Sequence[str] = ("algo-1",), rank: int = 0, add: Add | None = None) -> None:
        self.names, self.rank, self.add = tuple(names), rank, add
        self.asked_to_stop = False

    @property
    def count(self) -> int:
        """Count the hosts."""
        return len(self.names)

    @contextmanager
    def stopping_together(self) -> Iterator[None]:
        """Where this one of several hosts is interrupted, leave word: all are Stopped at the next sum."""
        try:
            yield
        except Stopped:
            raise
        except KeyboardInterrupt:
            if self.count == 1:
                raise
            self.asked_to_stop = True

    def message(self, size: int) -> "Message":
        """Make room for so many numbers that travel together, again and again."""
        return Message(self, size)

    def total(self, values: Floats | Sequence[Any]) -> Floats:
        """Return the sum of the hosts' arrays of one shape: of float32 in float32, of all else in float64."""
        values = as_floats(values)
        if self.count == 1:
            return values
        if values.dtype == np.float32:
            return self.added(values)
        flat, result = values.reshape(-1), np.empty(values.size)
        length = max(1, CHUNK // (4 * self.count))
        for first in range(0, len(flat), length):
            part = flat[first : first + length]
            each = np.zeros((self.count, len(part)))
            each[self.rank] = part
            result[first : first + length] = self.joined(each).sum(axis=0)
        return result.reshape(values.shape)

    def added(self, values: Floats) -> Floats:
        """Return the sum of the hosts' float32 arrays of one shape."""
        flat, result = values.reshape(-1), np.empty(values.size, np.float32)
        for first in range(0, max(1, len(flat)), CHUNK):
            part = flat[first : first + CHUNK]
            message = self.message(len(part))
            message.sent[:] = part
            result[first : first + CHUNK] = message.travel()
        return result.reshape(values.shape)

    def joined(self, values: Floats) -> Floats:
        """Return what the hosts have between them in arrays of one shape: each number, bit by bit, is one host's.

        The others have 0 in its place. What is wider than float32 travels in parts of 16 bits: MXNet's servers may add
        in float32 whatever they are sent, by a setting that they never initialise.
        """
        if values.dtype == np.float32:
            return self.added(values)
        parts = np.ascontiguousarray(values).reshape(-1).view(np.uint16).astype(np.float32)
        return self.added(parts).astype(np.uint16).view(values.dtype).reshape(values.shape)

    def gathered(self, values: Floats | Sequence[Any]) -> list[Floats]:
        """Return each host's array (n, ...), in the order of the hosts; all but n must be alike."""
        values = as_floats(values)
        if self.count == 1:
            return [values]
        lengths = np.zeros(self.count)
        lengths[self.rank] = len(values)
        ends = np.cumsum(self.joined(lengths)).astype(int)
        everything = np.zeros((ends[-1], *values.shape[1:]), values.dtype)
        everything[ends[self.rank] - len(values) : ends[self.rank]] = values
        return np.split(self.joined(everything), ends[:-1])

    def told(self, values: Floats) -> Floats:
        """Return host 0's array, where all have one of its shape."""
        values = as_floats(values)
        return values if self.count == 1 else self.joined(values if self.rank == 0 else np.zeros_like(values))

    def gathered_texts(self, text: str) -> list[str]:
        """Return each host's text, in the order of the hosts."""
        letters = np.frombuffer(text.encode(), np.uint8)
        return [part.astype(np.uint8).tobytes().decode() for part in self.gathered(letters)]

    def told_text(self, text: str) -> str:
        """Return host 0's text."""
        return self.gathered_texts(text if self.rank == 0 else "")[0]

    def told_anything(self, value: Any) -> Any:
        """Return what host 0 has of what JSON can say."""
        return json.loads(self.told_text(json.dumps(value)))

    def most(self, value: float) -> float:
        """Return the largest of the hosts' numbers."""
        return float(np.max(self.gathered([value])))


class Message:
    """Numbers (n,) that travel between hosts, float32: `sent` by this one, `total` of all.

    The last number on the way says who was asked to stop. Sizes are rounded up by a sixteenth at most, so that there
    are not many of them.
    """

    def __init__(self, hosts: Hosts, size: int) -> None:
        self.hosts = hosts
        self.out, self.back = np.zeros((2, room(size + 1)), np.float32)
        self.sent: Floats = self.out[:size]
        self.total: Floats = self.back[:size]

    def travel(self) -> Floats:
        """Send and receive; return the total. Raises Stopped on all hosts where one was asked to stop."""
        assert self.hosts.add is not None
        self.out[-1] = self.hosts.asked_to_stop
        self.hosts.add(self.out, self.back)
        if self.back[-1]:
            self.hosts.asked_to_stop = False
            raise Stopped
        return self.total


def as_floats(values: Floats | Sequence[Any]) -> Floats:
    """Return an array as it is of float32, of all else as float64."""
    values = np.asarray(values)
    return values if values.dtype == np.float32 else values.astype(np.float64, copy=False)


def room(size: int) -> int:
    """Round a size up to one whose binary digits are 0 after the first five."""
    step = 1 << max(0, size.bit_length() - 5)
    return -(-size // step) * step


ALONE = Hosts()
