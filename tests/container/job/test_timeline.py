"""Where the time of a job goes, as its log tells it."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from container.job.timeline import TimeLine, now, process_began


def test_the_parts_add_up_to_the_whole() -> None:
    line = TimeLine()
    for part in ("read", "train", "validate", "train", "validate", "save"):
        line.lap(part)
    assert list(line.spent) == ["read", "train", "validate", "save"]
    assert line.total == pytest.approx(sum(line.spent.values()), abs=1e-9)
    assert min(line.spent.values()) >= 0


def test_a_part_that_comes_again_is_longer() -> None:
    line = TimeLine()
    line.lap("train")
    before = line.spent["train"]
    time.sleep(0.002)
    line.lap("train")
    assert line.spent["train"] > before


def test_the_parts_add_up_as_they_are_printed() -> None:
    line = TimeLine(0.0, {"start": 0.004, "read": 0.004, "train": 1.004, "save": 0.004})
    *parts, total = map(float, re.findall(r"(\d+\.\d\d) s", str(line)))
    assert sum(parts) == pytest.approx(total, abs=1e-9)
    assert total == 1.02
    assert str(line).startswith("start 0.00 s, read 0.01 s, train 1.00 s")


def test_a_process_began_after_the_one_that_started_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        began = process_began(child.pid)
        child.communicate(b"\n")
    assert process_began(os.getpid()) <= began <= now()


@pytest.mark.parametrize("stat", [None, "", "7 (python) S 1"])
def test_where_the_system_does_not_say_when_a_process_began_it_is_now(tmp_path: Path, stat: str | None) -> None:
    if stat is not None:
        (tmp_path / "proc/7").mkdir(parents=True)
        (tmp_path / "proc/7/stat").write_text(stat)
    before = now()
    assert before <= process_began(7, tmp_path) <= now()
