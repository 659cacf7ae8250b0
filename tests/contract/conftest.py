"""Jobs and servers, as processes and in containers, in a temporary root laid out as the platform does."""

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from pyarrow import parquet as pq

from container.codecs.recordio import encode_records
from tests.contract.launch import TOP, Container, Process, Running
from tests.ports import claim_port

DATA = TOP / "examples" / "breast-cancer"
CSV, RECORDIO, JSON, JSONLINES = (
    "text/csv",
    "application/x-recordio-protobuf",
    "application/json",
    "application/jsonlines",
)
PARQUET, LIBSVM = "application/x-parquet", "text/libsvm"


def read_example(split: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return features and labels of a part of the bundled data."""
    rows = np.loadtxt(DATA / f"{split}.csv", delimiter=",", dtype=np.float32)
    return np.ascontiguousarray(rows[:, 1:]), np.ascontiguousarray(rows[:, 0])


@pytest.fixture(scope="session", params=[Process, Container], ids=lambda launch: launch.__name__.lower())
def launch(request: pytest.FixtureRequest) -> type[Running]:
    """Every test that asks for it runs twice: on the programs of this checkout and on the image."""
    how: type[Running] = request.param
    if how is Container:
        request.getfixturevalue("image")
    return how


class Finished(NamedTuple):
    """How a job ended."""

    status: int
    log: str


@dataclass
class TrainingJob:
    """A training job under `root`."""

    root: Path
    launch: type[Running]
    environment: dict[str, str] = field(default_factory=dict)

    def write_config(self, name: str, content: Any) -> None:
        """Write one of the job's JSON files."""
        folder = self.root / "input" / "config"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_text(json.dumps(content))

    def write_channel_file(self, name: str, file: str, content: bytes) -> None:
        """Put a file into a channel."""
        path = self.root / "input" / "data" / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def configure(self, hyperparameters: dict[str, Any], content_type: str | None, *channels: str) -> None:
        """Write the hyperparameters and the channels, all of one type."""
        self.write_config("hyperparameters", hyperparameters)
        kind = {"ContentType": content_type} if content_type else {}
        self.write_config("inputdataconfig", {name: {"TrainingInputMode": "File", **kind} for name in channels})

    def start(self) -> Running:
        """Start `train`; whoever reads its log must go on reading, or it stands still."""
        return self.launch("train", self.root, self.environment, subprocess.PIPE)

    @contextmanager
    def running_process(self) -> Iterator[Running]:
        """Start `train` with its log added to `log`, which nobody has to read."""
        with self.log.open("a") as log, self.launch("train", self.root, self.environment, log.fileno()) as running:
            yield running

    @property
    def log(self) -> Path:
        """Where `started` leaves the log."""
        return self.root / "log"

    def wait_for(self, text: str) -> None:
        """Wait until the log says so."""
        deadline = time.monotonic() + 60
        while not self.log.exists() or text not in self.log.read_text():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def train(self) -> Finished:
        """Run `train` to its end."""
        with self.start() as running:
            log, _ = running.popen.communicate(timeout=120)
            return Finished(running.popen.returncode, log)

    @property
    def failure(self) -> str:
        """Read output/failure."""
        return (self.root / "output" / "failure").read_text()


def lay_out_example_job(
    root: Path, launch: type[Running], content_type: str | None = CSV, **hyperparameters: str
) -> TrainingJob:
    """Lay out the bundled data as CSV or recordIO."""
    job = TrainingJob(root, launch)
    job.configure({"predictor_type": "binary_classifier", "mini_batch_size": "20", **hyperparameters}, content_type,
                  "train", "validation", "test")  # fmt: skip
    for split in ("train", "validation", "test"):
        if content_type == CSV:
            job.write_channel_file(split, "part.csv", (DATA / f"{split}.csv").read_bytes())
        elif content_type == PARQUET:
            job.write_channel_file(split, "part.parquet", encode_parquet(*read_example(split)))
        elif content_type == LIBSVM:
            job.write_channel_file(split, "part.svm", encode_libsvm(*read_example(split)))
        else:
            job.write_channel_file(split, "part.pbr", encode_records(*read_example(split)))
    return job


def encode_parquet(X: NDArray[Any], y: NDArray[Any]) -> bytes:
    """Write the label and each feature as a column."""
    columns = {"label": y} | {f"feature {i}": column for i, column in enumerate(X.T)}
    file = BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def encode_libsvm(X: NDArray[Any], y: NDArray[Any]) -> bytes:
    """Write the values that are not zero with their indices from 1."""
    rows = ([f"{i}:{value}" for i, value in enumerate(row, 1) if value] for row in X.tolist())
    return "".join(f"{label:g} {' '.join(row)}\n" for label, row in zip(y, rows, strict=True)).encode()


@pytest.fixture
def job(tmp_path: Path, launch: type[Running]) -> TrainingJob:
    """A job on the bundled data as CSV."""
    return lay_out_example_job(tmp_path, launch)


@pytest.fixture(scope="session")
def trained(launch: type[Running], tmp_path_factory: pytest.TempPathFactory) -> TrainingJob:
    """A finished job on the bundled data."""
    job = lay_out_example_job(tmp_path_factory.mktemp("trained"), launch)
    status, log = job.train()
    assert status == 0, log
    return job


@dataclass
class RunningServer:
    """A running server."""

    url: str
    running: Running

    def get(self, path: str) -> tuple[int, bytes]:
        """Get a page; return status and body."""
        return send_request(urllib.request.Request(self.url + path))

    def post(self, body: bytes, kind: str | None, accept: str | None = None) -> tuple[int, bytes]:
        """Post to /invocations; return status and body."""
        headers = {"Content-Type": kind or "", "Accept": accept or "*/*"}
        return send_request(urllib.request.Request(f"{self.url}/invocations", body, headers))


def send_request(request: urllib.request.Request) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@contextmanager
def running_server(root: Path, launch: type[Running], **environment: str) -> Iterator[RunningServer]:
    """Serve the model under `root` on a free port."""
    port = claim_port()
    with launch("serve", root, {"SAGEMAKER_BIND_TO_PORT": str(port), **environment}) as running:
        server = RunningServer(f"http://127.0.0.1:{port}", running)
        wait_for_ping(server)
        yield server


def wait_for_ping(server: RunningServer) -> None:
    """Wait until /ping says more than that the model is being loaded."""
    deadline = time.monotonic() + 30
    while True:
        try:
            if server.get("/ping")[0] != 503:
                return
        except OSError:
            assert server.running.popen.poll() is None, "the server ended"
        assert time.monotonic() < deadline, "the server never answered"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def server(trained: TrainingJob, launch: type[Running]) -> Iterator[RunningServer]:
    """A server of the trained model."""
    with running_server(trained.root, launch) as running:
        yield running
