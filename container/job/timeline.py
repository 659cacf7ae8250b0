"""Where the time of a job goes, part by part, from the start of its process."""

import os
import time
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path

from container.machine.groups import read_kernel_file


def seconds_since_boot() -> float:
    """Return the seconds since the machine's start."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def process_start_time(process: int, top: Path = Path("/")) -> float:
    """Return when a process started, in seconds since boot, to a hundredth; the current time if /proc does not tell."""
    stat = read_kernel_file(top / "proc" / str(process) / "stat")
    fields = stat.rpartition(")")[2].split()  # what stands before is its name, and that may be anything
    return int(fields[19]) / os.sysconf("SC_CLK_TCK") if len(fields) > 19 else seconds_since_boot()


@dataclass
class Timeline:
    """Seconds spent on each part of a job since `start_time`, in the order of the parts' first laps.

    Every moment counts for exactly one part, so the parts add up to the total. Background work counts for the part that
    runs at the same time.
    """

    start_time: float = field(default_factory=seconds_since_boot)
    seconds_by_part: dict[str, float] = field(default_factory=dict)

    @property
    def total_seconds(self) -> float:
        """Return the seconds of all parts."""
        return sum(self.seconds_by_part.values())

    def record_lap(self, part: str) -> None:
        """Add the time since the last lap to `part`."""
        self.seconds_by_part[part] = (
            self.seconds_by_part.get(part, 0.0) + seconds_since_boot() - self.start_time - self.total_seconds
        )

    def __str__(self) -> str:
        """List the parts in hundredths of a second, rounded so that the printed parts add up to the printed total."""
        ends = [round(100 * end) for end in accumulate(self.seconds_by_part.values(), initial=0.0)]
        parts = (
            f"{part} {(end - start) / 100:.2f} s"
            for part, (start, end) in zip(self.seconds_by_part, pairwise(ends), strict=True)
        )
        return f"{', '.join(parts)}, in all {ends[-1] / 100:.2f} s"
