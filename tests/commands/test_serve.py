"""`linear_learner serve` runs the server on a model wherever it lies."""

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.commands.command import Command
from tests.contract.jobs import TrainingJob
from tests.needs import TOP
from tests.ports import claim_port

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("place", ["model", "output/model.tar.gz"])
def test_a_folder_and_a_package_are_served_until_a_signal(
    job: tuple[TrainingJob, str], tmp_path: Path, place: str
) -> None:
    port = claim_port()
    words = [sys.executable, "-m", "open_algorithms.commands", "serve", str(job[0].root / place), "--port", f"{port}"]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "SAGEMAKER_MODEL_SERVER_WORKERS": "1"}
    with subprocess.Popen(words, cwd=TOP, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as running:
        body = ",".join(["1"] * 30).encode()
        deadline = time.monotonic() + 60
        while True:
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/invocations", body, {"Content-Type": "text/csv", "Accept": "text/csv"}
            )
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    assert b"," in answer.read()
                    break
            except OSError:
                assert time.monotonic() < deadline
                assert running.poll() is None
                time.sleep(0.05)
        running.terminate()
        running.communicate(timeout=30)
    assert running.returncode == 0
    assert not list(tmp_path.glob("linear_learner-*"))


def test_a_port_that_is_none_is_refused(command: Command, tmp_path: Path) -> None:
    assert command("serve", tmp_path, "--port", "0").status == 2
