"""Where the time of a job goes, as its log tells it."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from container.job.timeline import Timeline, process_start_time, seconds_since_boot


def test_the_parts_add_up_to_the_whole() -> None:
    line = Timeline()
    for part in ("read", "train", "validate", "train", "validate", "save"):
        line.record_lap(part)
    assert list(line.seconds_by_part) == ["read", "train", "validate", "save"]
    assert line.total_seconds == pytest.approx(sum(line.seconds_by_part.values()), abs=1e-9)
    assert min(line.seconds_by_part.values()) >= 0


def test_a_part_that_comes_again_is_longer() -> None:
    line = Timeline()
    line.record_lap("train")
    before = line.seconds_by_part["train"]
    time.sleep(0.002)
    line.record_lap("train")
    assert line.seconds_by_part["train"] > before


def test_the_parts_add_up_as_they_are_printed() -> None:
    line = Timeline(0.0, {"start": 0.004, "read": 0.004, "train": 1.004, "save": 0.004})
    *parts, total = map(float, re.findall(r"(\d+\.\d\d) s", str(line)))
    assert sum(parts) == pytest.approx(total, abs=1e-9)
    assert total == 1.02
    assert str(line).startswith("start 0.00 s, read 0.01 s, train 1.00 s")


def test_a_process_began_after_the_one_that_started_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        began = process_start_time(child.pid)
        child.communicate(b"\n")
    assert process_start_time(os.getpid()) <= began <= seconds_since_boot()


@pytest.mark.parametrize("stat", [None, "", "7 (python) S 1"])
def test_where_the_system_does_not_say_when_a_process_began_it_is_now(tmp_path: Path, stat: str | None) -> None:
    if stat is not None:
        (tmp_path / "proc/7").mkdir(parents=True)
        (tmp_path / "proc/7/stat").write_text(stat)
    before = seconds_since_boot()
    assert before <= process_start_time(7, tmp_path) <= seconds_since_boot()
