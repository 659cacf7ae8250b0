"""The memory limit is the least of the process's control groups', of either version, and of the machine's."""

import os
from mmap import mmap
from pathlib import Path

import numpy as np
import pytest

from container.machine.memory import memory_available, memory_budget, memory_limit, memory_used
from tests.container.machine.groups import lay_out_system

MACHINE = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
V1, V2 = "sys/fs/cgroup/memory/{}memory.limit_in_bytes", "sys/fs/cgroup/{}memory.max"
HYBRID = "9:name=systemd:/x\n4:cpu,memory:{}\n0::/elsewhere\n"


@pytest.mark.parametrize(("file", "membership"), [(V1, HYBRID), (V2, "0::{}\n")], ids=["v1", "v2"])
@pytest.mark.parametrize(
    ("path", "limits"),
    [
        ("/", {"": 1 << 30}),
        ("/", {"": 1 << 30, "other/": 1 << 20}),
        ("/jobs/train", {"jobs/train/": 1 << 30}),
        ("/jobs/train", {"jobs/train/": 1 << 31, "jobs/": 1 << 30}),
        ("/docker/of-the-host", {"": 1 << 30}),
        ("/../beside", {"": 1 << 30}),
    ],
    ids=["top", "others", "own", "parent", "host", "outside"],
)
def test_the_least_limit_above_the_process_counts(
    tmp_path: Path, file: str, membership: str, path: str, limits: dict[str, int]
) -> None:
    files = {file.format(group): f"{limit}\n" for group, limit in limits.items()}
    assert memory_limit(lay_out_system(tmp_path, membership.format(path), files)) == 1 << 30


@pytest.mark.parametrize(("file", "text"), [(V2, "max\n"), (V1, "9223372036854771712\n"), (V2, "")])
def test_no_limit_leaves_the_machines(tmp_path: Path, file: str, text: str) -> None:
    assert memory_limit(lay_out_system(tmp_path, "0::/\n", {file.format(""): text})) == MACHINE


def test_without_control_groups_the_machines_memory_counts(tmp_path: Path) -> None:
    assert memory_limit(tmp_path) == MACHINE


def test_what_is_held_is_counted() -> None:
    before = memory_used()
    held = np.frombuffer(mmap(-1, 1 << 25), np.uint8)  # of the system: an allocator may have it already
    held.fill(1)
    assert memory_used() - before > held.nbytes * 0.9


def test_a_little_more_or_less_held_leaves_the_same_beside(tmp_path: Path) -> None:
    limited = lay_out_system(tmp_path, "0::/\n", {V2.format(""): f"{1 << 40}\n"})
    beside = memory_budget(limited)
    assert beside == memory_budget(limited)
    assert (memory_limit(limited) - beside) % (16 << 20) == 0
    assert 0 <= memory_limit(limited) - memory_used() - beside < 17 << 20
    tiny = lay_out_system(tmp_path, "0::/\n", {V2.format(""): f"{1 << 20}\n"})
    assert memory_budget(tiny) == 0


@pytest.mark.parametrize("version", [1, 2])
def test_what_is_left_is_the_limit_less_what_is_used_and_cannot_be_dropped(tmp_path: Path, version: int) -> None:
    folder, names, statistics = {
        1: ("sys/fs/cgroup/memory/", ("memory.limit_in_bytes", "memory.usage_in_bytes"), "total_inactive_file 500\n"),
        2: ("sys/fs/cgroup/", ("memory.max", "memory.current"), "anon 1\ninactive_file 500\n"),
    }[version]
    files = dict(zip((folder + name for name in names), ("10000", "4000"), strict=True))
    files |= {folder + "memory.stat": statistics, "proc/meminfo": "MemTotal: 100 kB\nMemAvailable:  50 kB\n"}
    assert memory_available(lay_out_system(tmp_path, "0::/\n", files)) == 6500


def test_a_machine_may_have_less_left_than_its_group(tmp_path: Path) -> None:
    files = {"proc/meminfo": "MemAvailable: 3 kB\n", "sys/fs/cgroup/memory.max": "max"}
    assert memory_available(lay_out_system(tmp_path, "0::/\n", files)) == 3 << 10
