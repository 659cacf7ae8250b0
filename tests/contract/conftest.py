"""Jobs and servers as processes, in a temporary root laid out as the platform does."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from container.codecs.recordio import encode_records

TOP = Path(__file__).resolve().parent.parent.parent
DATA = TOP / "examples" / "breast-cancer"
CSV, RECORDIO, JSON = "text/csv", "application/x-recordio-protobuf", "application/json"


def read_example(split: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return features and labels of a part of the bundled data."""
    rows = np.loadtxt(DATA / f"{split}.csv", delimiter=",", dtype=np.float32)
    return np.ascontiguousarray(rows[:, 1:]), np.ascontiguousarray(rows[:, 0])


@dataclass
class Job:
    """A training job under `root`."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, content: Any) -> None:
        """Write one of the job's JSON files."""
        folder = self.root / "input" / "config"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_text(json.dumps(content))

    def channel(self, name: str, file: str, content: bytes) -> None:
        """Put a file into a channel."""
        path = self.root / "input" / "data" / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def configure(self, hyperparameters: dict[str, Any], content_type: str | None, *channels: str) -> None:
        """Write the hyperparameters and the channels, all of one type."""
        self.write("hyperparameters", hyperparameters)
        kind = {"ContentType": content_type} if content_type else {}
        self.write("inputdataconfig", {name: {"TrainingInputMode": "File", **kind} for name in channels})

    def train(self) -> "subprocess.CompletedProcess[str]":
        """Run `train` to its end."""
        return subprocess.run(
            [sys.executable, str(TOP / "train")],
            env={**os.environ, "SAGEMAKER_BASE_DIR": str(self.root), **self.environment},
            capture_output=True,
            text=True,
            timeout=120,
        )

    @property
    def failure(self) -> str:
        """Read output/failure."""
        return (self.root / "output" / "failure").read_text()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job without data."""
    return Job(tmp_path)


def example_job(root: Path, content_type: str | None, **hyperparameters: str) -> Job:
    """Lay out the bundled data as CSV or recordIO."""
    job = Job(root)
    job.configure({"predictor_type": "binary_classifier", "mini_batch_size": "20", **hyperparameters}, content_type,
                  "train", "validation", "test")  # fmt: skip
    for split in ("train", "validation", "test"):
        if content_type == CSV:
            job.channel(split, "part.csv", (DATA / f"{split}.csv").read_bytes())
        else:
            job.channel(split, "part.pbr", encode_records(*read_example(split)))
    return job


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A finished job on the bundled data."""
    job = example_job(tmp_path_factory.mktemp("trained"), CSV)
    result = job.train()
    assert result.returncode == 0, result.stdout + result.stderr
    return job


@dataclass
class Server:
    """A running server."""

    url: str
    process: "subprocess.Popen[bytes]"

    def get(self, path: str) -> tuple[int, bytes]:
        """Get a page; return status and body."""
        return answer(urllib.request.Request(self.url + path))

    def post(self, body: bytes, kind: str | None, accept: str | None = None) -> tuple[int, bytes]:
        """Post to /invocations; return status and body."""
        headers = {"Content-Type": kind or "", "Accept": accept or "*/*"}
        return answer(urllib.request.Request(f"{self.url}/invocations", body, headers))


def answer(request: urllib.request.Request) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@contextmanager
def serve(root: Path) -> Iterator[Server]:
    """Serve the model under `root` on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(root), "SAGEMAKER_BIND_TO_PORT": str(port)}
    process = subprocess.Popen([sys.executable, str(TOP / "serve")], env=environment)
    try:
        server = Server(f"http://127.0.0.1:{port}", process)
        wait_for_ping(server)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def wait_for_ping(server: Server) -> None:
    """Wait until /ping answers at all."""
    deadline = time.monotonic() + 30
    while True:
        try:
            server.get("/ping")
            return
        except OSError:
            assert time.monotonic() < deadline, "the server never answered"
            assert server.process.poll() is None, "the server ended"
            time.sleep(0.05)


@pytest.fixture(scope="session")
def server(trained: Job) -> Iterator[Server]:
    """A server of the trained model."""
    with serve(trained.root) as running:
        yield running
