"""Load the native library, and share the work of its functions among threads.

Tests: tests/learning/engine/native/test_build.py, tests/linear_learner/bank/native/test_dense.py.
"""

import ctypes
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from open_algorithms.learning.engine.native.build import FOLDER, X86_LEVELS, levels, library_name
from open_algorithms.learning.types.arrays import Float32s, Numbers

LANES = 16  # numbers that the library handles at once: as many as a line of a cache holds
MOST_PARTS = 64
CPU_FACTS = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Library:
    """The native library, and the level of instructions that it was compiled for."""

    functions: ctypes.CDLL
    level: str


@cache
def find_library() -> Library | None:
    """Load the library of the best level that this processor has; None where it is not built from these sources."""
    for level in filter(has_level, levels()):
        file = FOLDER / library_name(level)
        if file.exists():
            with suppress(OSError):  # built for a newer C library than that of this machine
                return Library(ctypes.CDLL(str(file)), level)
    return None


def has_level(level: str) -> bool:
    """Return whether this processor has the instructions of a level."""
    return X86_LEVELS.get(level, frozenset()) <= processor_flags()


def processor_flags() -> frozenset[str]:
    """Return what the system says that this processor can do."""
    lines = CPU_FACTS.read_text(errors="replace").splitlines() if CPU_FACTS.exists() else []
    return frozenset(next((line.partition(":")[2] for line in lines if line.startswith("flags")), "").split())


def aligned_room(count: int) -> Float32s:
    """Return an array, (count,), that is not set and begins at a line of the cache.

    Large ones lie in large pages, other than zeros, which the system hands out page by small page.
    """
    memory = np.empty(count + LANES, np.float32)
    first = -(memory.ctypes.data // memory.itemsize) % LANES
    return memory[first : first + count]


def aligned_zeros(shape: tuple[int, ...]) -> Float32s:
    """Return an array of zeros that begins at a line of the cache."""
    size = math.prod(shape)
    memory = np.zeros(size + LANES, np.float32)
    first = -(memory.ctypes.data // memory.itemsize) % LANES
    return memory[first : first + size].reshape(shape)


class NativeJob(ctypes.Structure):
    """A C structure with addresses of arrays, which live as long as it does, whoever still works on it."""

    def __init__(self, **values: object) -> None:
        """Set fields; the others are 0 or null."""
        super().__init__(**values)
        self.held: list[Numbers] = []

    def hold(self, array: Numbers, dtype: type | None = None) -> int:
        """Return the address of the array, or of a copy that is contiguous and of a type."""
        self.held.append(np.ascontiguousarray(array, dtype))
        return self.held[-1].ctypes.data


class Parts(ctypes.Structure):
    """The C structure `parts`: the phase that threads work on, and who has claimed what of it."""

    _fields_ = (
        *((name, ctypes.c_int32) for name in ("count", "phase", "done", "sleepers")),
        ("claimed", ctypes.c_int32 * MOST_PARTS),
    )


class SharedWork:
    """Work in phases of several parts, each of which a thread of its own may do."""

    def __init__(self, count: int, threads: int | None = None) -> None:
        """Divide each phase into `count` parts, for as many threads or fewer."""
        self.count, self.threads, self.parts = count, count if threads is None else threads, Parts(count=count)

    @property
    def address(self) -> int:
        """The address of the C structure."""
        return ctypes.addressof(self.parts)

    def begin(self, phase: int = 1) -> None:
        """Let this phase be the next."""
        count, before = self.count, phase - 1
        fresh = Parts(count, phase, before * count, 0, (ctypes.c_int32 * MOST_PARTS)(*[before] * count))
        ctypes.pointer(self.parts)[0] = fresh

    def run(self, work: Callable[[int], object]) -> None:
        """Call a C function's `work(number)` in all threads and wait for them, also where a signal interrupts this."""
        if self.threads == 1:
            work(0)
            return
        with ThreadPoolExecutor(self.threads - 1, "part") as executor:
            others = [executor.submit(work, number) for number in range(1, self.threads)]
            work(0)
        for other in others:
            other.result()
