"""Where the time of a job goes: one part after another, from the start of its process."""

import os
import time
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path

from container.groups import read_text


def now() -> float:
    """Return the seconds since the machine's start."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def process_began(process: int, top: Path = Path("/")) -> float:
    """Return when a process began, in the seconds of `now`, to a hundredth; where the system does not say, now."""
    stat = read_text(top / "proc" / str(process) / "stat")
    fields = stat.rpartition(")")[2].split()  # what stands before is its name, and that may be anything
    return int(fields[19]) / os.sysconf("SC_CLK_TCK") if len(fields) > 19 else now()


@dataclass
class TimeLine:
    """The seconds `spent` on each part since `began`, in the order in which the parts first came.

    Every moment belongs to one part, so they add up. What runs in the background belongs to the part beside it.
    """

    began: float = field(default_factory=now)
    spent: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """Return the seconds of all parts."""
        return sum(self.spent.values())

    def lap(self, part: str) -> None:
        """Count what passed since the last lap as spent on `part`."""
        self.spent[part] = self.spent.get(part, 0.0) + now() - self.began - self.total

    def __str__(self) -> str:
        """List the parts in hundredths of a second that add up as they are printed."""
        ends = [round(100 * end) for end in accumulate(self.spent.values(), initial=0.0)]
        parts = (
            f"{part} {(end - start) / 100:.2f} s" for part, (start, end) in zip(self.spent, pairwise(ends), strict=True)
        )
        return f"{', '.join(parts)}, in all {ends[-1] / 100:.2f} s"
