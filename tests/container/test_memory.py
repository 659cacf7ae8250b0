"""The memory limit is the control group's, whichever version, and never more than the machine's."""

import os
from pathlib import Path

import pytest

from container.memory import CGROUP_FILES, memory_limit

MACHINE = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@pytest.mark.parametrize("name", CGROUP_FILES)
def test_a_limit_of_the_control_group_counts(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text("1073741824\n")
    assert memory_limit(tmp_path) == 1 << 30


@pytest.mark.parametrize("text", ["max\n", "9223372036854771712\n"])
def test_no_limit_leaves_the_machines(tmp_path: Path, text: str) -> None:
    (tmp_path / CGROUP_FILES[0]).parent.mkdir(parents=True)
    (tmp_path / CGROUP_FILES[0]).write_text(text)
    assert memory_limit(tmp_path) == MACHINE


def test_without_control_groups_the_machines_memory_counts(tmp_path: Path) -> None:
    assert memory_limit(tmp_path) == MACHINE
