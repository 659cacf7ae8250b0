"""How much memory this container may use, and how much this process does."""

import os
from contextlib import suppress
from pathlib import Path

_ANY_GROUP = "0::/\n0:memory:/\n"


def memory_limit(top: Path = Path("/")) -> int:
    """Return the least bytes that a control group of this process allows, and never more than the machine has.

    Version 2 and 1. What a container sees as its mount's top may be its own group, and the path it is told may be the
    host's, so a group that is not there is passed over and the top always counts.
    """
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for line in (_ANY_GROUP + _read(top / "proc/self/cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            mount, name = top / "sys/fs/cgroup", "memory.max"
        elif "memory" in controllers.split(","):
            mount, name = top / "sys/fs/cgroup/memory", "memory.limit_in_bytes"
        else:
            continue
        group = Path(path.lstrip("/"))
        texts = [_read(mount / folder / name).strip() for folder in (group, *group.parents)]
        limits += [int(text) for text in texts if text.isdigit()]
    return min(limits)


def memory_used() -> int:
    """Return the bytes that this process holds in memory now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _read(file: Path) -> str:
    with suppress(OSError):
        return file.read_text(encoding="utf-8", errors="replace")
    return ""
