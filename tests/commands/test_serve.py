"""`linear_learner serve` runs the server on a model wherever it lies."""

import os
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from tests.commands.command import Command
from tests.contract.jobs import TrainingJob
from tests.needs import TOP
from tests.ports import claim_port
from tests.waiting import HANG_SECONDS, wait_until

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
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/invocations", body, {"Content-Type": "text/csv", "Accept": "text/csv"}
        )

        def is_answered() -> bool:
            assert running.poll() is None
            with suppress(OSError), urllib.request.urlopen(request, timeout=HANG_SECONDS) as answer:
                return b"," in answer.read()
            return False

        wait_until(is_answered)
        running.terminate()
        running.communicate(timeout=HANG_SECONDS)
    assert running.returncode == 0
    assert not list(tmp_path.glob("linear_learner-*"))


def test_a_port_that_is_none_is_refused(command: Command, tmp_path: Path) -> None:
    assert command("serve", tmp_path, "--port", "0").status == 2
