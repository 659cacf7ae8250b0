"""Whatever becomes of the work, somebody is left to say so, and nothing is left that works on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.waiting import HANG_SECONDS, wait_until

PROGRAM = """
import os, signal, sys, time
from container.job.guard import fork_guarded_child
from container.job.stop import StopRequest

stop = StopRequest()
stop.install_handlers()
fork_guarded_child(os.environ, stop)
print(os.getpid(), flush=True)
{work}
"""

Start = Callable[[str], tuple["subprocess.Popen[str]", int]]


@pytest.fixture
def start(root: Path) -> Start:
    """Start a program whose work is guarded; give it with the process id of the work."""

    def start(work: str) -> tuple["subprocess.Popen[str]", int]:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(work=work)],
            env={**os.environ, "SAGEMAKER_BASE_DIR": str(root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        return process, int(process.stdout.readline())

    return start


@pytest.mark.parametrize("status", [0, 1, 143])
def test_the_status_is_that_of_the_work(start: Start, root: Path, status: int) -> None:
    process, worker = start(f"os._exit({status})")
    assert process.communicate(timeout=HANG_SECONDS)[0] == ""
    assert process.returncode == status
    assert worker != process.pid
    assert not (root / "output/failure").exists()


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("SIGKILL", "was killed by signal 9 (SIGKILL), as the kernel does where the memory is full; there are "),
        ("SIGSEGV", "was killed by signal 11 (SIGSEGV)."),
    ],
)
def test_work_that_is_killed_leaves_a_reason(start: Start, root: Path, number: str, message: str) -> None:
    process, _ = start(f"os.kill(os.getpid(), signal.{number})")
    out, _ = process.communicate(timeout=HANG_SECONDS)
    assert process.returncode == 1
    reason = (root / "output/failure").read_text()
    assert reason.startswith(f"AlgorithmError: the training process {message}")
    assert out.count("\n") == 1
    assert reason in out


def test_work_that_is_killed_on_one_of_several_hosts_names_it(start: Start, root: Path) -> None:
    config = root / "input" / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "inputdataconfig.json").write_text("{}")
    (config / "resourceconfig.json").write_text('{"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]}')
    process, _ = start("os.kill(os.getpid(), signal.SIGSEGV)")
    process.communicate(timeout=HANG_SECONDS)
    reason = "AlgorithmError: the training process of host 'algo-2' was killed by signal 11 (SIGSEGV)."
    assert (root / "output/failure").read_text() == reason


def test_work_that_was_killed_with_a_reason_keeps_it(start: Start, root: Path) -> None:
    process, worker = start("time.sleep(60)")
    (root / "output/failure").write_text("AlgorithmError: the training process hangs.")
    os.kill(worker, signal.SIGKILL)
    assert process.communicate(timeout=HANG_SECONDS)[0] == ""
    assert process.returncode == 1
    assert (root / "output/failure").read_text() == "AlgorithmError: the training process hangs."


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_passed_on_to_the_work(start: Start, number: int) -> None:
    process, _ = start("while not stop.is_received: time.sleep(0.01)\nprint('stopped', flush=True)\nos._exit(7)")
    process.send_signal(number)
    assert process.communicate(timeout=HANG_SECONDS)[0] == "stopped\n"
    assert process.returncode == 7


def test_a_stop_that_comes_too_late_changes_nothing(start: Start, root: Path) -> None:
    process, _ = start("os.kill(os.getpid(), signal.SIGSEGV)")
    while process.poll() is None:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.001)
    out, _ = process.communicate()
    assert process.returncode == 1
    assert "Traceback" not in out
    assert (root / "output/failure").exists()


def test_a_guard_that_is_killed_takes_the_work_with_it(start: Start) -> None:
    process, worker = start("time.sleep(60)")
    process.kill()
    process.communicate(timeout=HANG_SECONDS)
    status = Path(f"/proc/{worker}/status")
    wait_until(lambda: not status.exists() or "State:\tZ" in status.read_text())
