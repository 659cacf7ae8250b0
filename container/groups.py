"""The control groups, of version 2 and 1, that bound this process."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def find_groups(controller: str, top: Path = Path("/")) -> Iterator[Path]:
    """Yield the folders of the groups, of either version, that this process is in and that are above them.

    What a container sees as its mount's top may be its own group, and the path it is told may be the host's: a folder
    may be missing, and the top always comes.
    """
    for line in (f"0::/\n0:{controller}:/\n" + read_text(top / "proc/self/cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            mount = top / "sys/fs/cgroup"
        elif controller in controllers.split(","):
            mount = top / "sys/fs/cgroup" / controller
        else:
            continue
        group = Path(path.lstrip("/"))
        yield from (mount / folder for folder in (group, *group.parents))


def read_text(file: Path) -> str:
    """Read a small file of the kernel's; empty where there is none."""
    with suppress(OSError):
        return file.read_text(encoding="utf-8", errors="replace").strip()
    return ""


def read_number(folder: Path, *names: str) -> int | None:
    """Read the first of the files that holds a whole number; None where none does, as where there is no limit."""
    return next((int(text) for name in names if (text := read_text(folder / name)).isdigit()), None)
