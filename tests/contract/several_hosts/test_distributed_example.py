"""The example of two hosts under compose, as its first lines say."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from linear_learner.artifact.read import load_model
from tests.contract.example import read_example
from tests.needs import CHECKOUT, IMAGE, TOP
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.processes

FILE = "examples/distributed/compose.yml"


@pytest.mark.image
def test_the_documented_command_trains_on_two_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("breast-cancer", "distributed"):
        shutil.copytree(TOP / "examples" / name, tmp_path / "examples" / name)
    monkeypatch.setenv("IMAGE", IMAGE)
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", f"hosts-{CHECKOUT}")
    ((compose, up),) = re.findall(rf"^# +(docker-compose) (-f {FILE} up)$", (TOP / FILE).read_text(), re.MULTILINE)
    if subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        compose = "docker compose"
    try:
        command = f"{compose} {up}".split()
        typed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=HANG_SECONDS)
    finally:
        subprocess.run(f"{compose} -f {FILE} down".split(), cwd=tmp_path, capture_output=True)
    assert typed.returncode == 0, typed.stdout + typed.stderr
    X, y = read_example("test")
    hosts = tmp_path / "examples" / "distributed" / "opt_ml"
    assert np.mean(load_model(hosts / "algo-1" / "model").predict(X)["predicted_label"] == y) >= 0.96
    assert not list((hosts / "algo-2" / "model").iterdir())
    assert not list(hosts.glob("*/output/failure"))
