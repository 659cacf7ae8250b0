"""How many processors this container may use."""

import os
from math import ceil
from pathlib import Path

from container.machine.groups import find_control_groups, read_kernel_file, read_kernel_number


def processor_count(top: Path = Path("/")) -> int:
    """Return how many processors affinity and control groups allow this process, at least 1.

    A quota of processor time counts as quota / period processors, rounded up.
    """
    counts = [len(os.sched_getaffinity(0))]
    for group in find_control_groups("cpu", top):
        quota, _, period = read_kernel_file(group / "cpu.max").partition(" ")
        if quota.isdigit() and period.isdigit():
            counts.append(ceil(int(quota) / int(period)))
        shares = read_kernel_number(group, "cpu.cfs_quota_us"), read_kernel_number(group, "cpu.cfs_period_us")
        if shares[0] is not None and shares[1]:
            counts.append(ceil(shares[0] / shares[1]))
    return max(1, min(counts))
