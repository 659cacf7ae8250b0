"""The number of processors is the least of the affinity's and the control groups'."""

import os
from pathlib import Path

import pytest

from container.machine.processors import processor_count
from tests.container.machine.groups import lay_out_system


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"sys/fs/cgroup/cpu.max": "100000 100000"}, 1),
        ({"sys/fs/cgroup/jobs/cpu.max": "50000 100000", "sys/fs/cgroup/cpu.max": "max 100000"}, 1),
        ({"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "1", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"}, 1),
        ({"sys/fs/cgroup/cpu.max": "max 100000"}, None),
        ({"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"}, None),
        ({"sys/fs/cgroup/cpu.max": "99999900000 100000"}, None),
        ({}, None),
    ],
)
def test_a_share_of_time_is_so_many_processors(tmp_path: Path, files: dict[str, str], expected: int | None) -> None:
    machine = len(os.sched_getaffinity(0))
    assert processor_count(lay_out_system(tmp_path, "0::/jobs\n1:cpu:/\n", files)) == (expected or machine)
