"""The control groups, version 1 and 2, that limit this process.

Tests: tests/container/machine/test_memory.py, tests/container/machine/test_processors.py.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def find_control_groups(controller: str, top: Path = Path("/")) -> Iterator[Path]:
    """Yield the folders of the control groups, of both versions, that contain this process, innermost first.

    The root of each hierarchy is always included, and a folder may not exist: in a container the mount's root may be
    its own group, while /proc names the group by the host's path.
    """
    for line in (f"0::/\n0:{controller}:/\n" + read_kernel_file(top / "proc/self/cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            mount = top / "sys/fs/cgroup"
        elif controller in controllers.split(","):
            mount = top / "sys/fs/cgroup" / controller
        else:
            continue
        group = Path(path.lstrip("/"))
        yield from (mount / folder for folder in (group, *group.parents))


def read_kernel_file(file: Path) -> str:
    """Read a small kernel file, stripped; "" if it cannot be read."""
    with suppress(OSError):
        return file.read_text(encoding="utf-8", errors="replace").strip()
    return ""


def read_kernel_number(folder: Path, *names: str) -> int | None:
    """Return the whole number in the first file that holds one; None if none does, as where there is no limit."""
    return next((int(text) for name in names if (text := read_kernel_file(folder / name)).isdigit()), None)
