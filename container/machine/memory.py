"""Memory limits of this container: the total, what is available, and what this process uses."""

import os
from pathlib import Path

from container.machine.groups import find_control_groups, read_kernel_file, read_kernel_number

_ROUNDING_BYTES = 16 << 20
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_LIMIT_FILES = ("memory.max", "memory.limit_in_bytes")
_USAGE_FILES = ("memory.current", "memory.usage_in_bytes")


def memory_limit(top: Path = Path("/")) -> int:
    """Return the memory limit in bytes: the lowest of all control groups, at most the machine's memory."""
    limits = (read_kernel_number(group, *_LIMIT_FILES) for group in find_control_groups("memory", top))
    return min([_PAGE_BYTES * os.sysconf("SC_PHYS_PAGES"), *(limit for limit in limits if limit is not None)])


def memory_available(top: Path = Path("/")) -> int:
    """Return the bytes that can still be allocated: the least that the machine or a limited group has left.

    File cache that a group can drop counts as available.
    """
    machine = _read_counts(top / "proc/meminfo")
    left = [machine["MemAvailable:"] << 10] if "MemAvailable:" in machine else []
    for group in find_control_groups("memory", top):
        limit, usage = read_kernel_number(group, *_LIMIT_FILES), read_kernel_number(group, *_USAGE_FILES)
        if limit is not None and usage is not None:
            counts = _read_counts(group / "memory.stat")
            left.append(limit - usage + counts.get("total_inactive_file", counts.get("inactive_file", 0)))
    return max(0, min(left, default=memory_limit(top) - memory_used()))


def memory_budget(top: Path = Path("/")) -> int:
    """Return the bytes of the limit beyond what this process uses, rounded down by up to 16 MiB.

    The rounding makes a restarted job find the same budget.
    """
    return max(0, memory_limit(top) + -memory_used() // _ROUNDING_BYTES * _ROUNDING_BYTES)


def memory_used() -> int:
    """Return the resident memory of this process in bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES


def _read_counts(file: Path) -> dict[str, int]:
    words = (line.split() for line in read_kernel_file(file).splitlines())
    return {name: int(count) for name, count, *_ in words}
