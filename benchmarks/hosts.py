"""Time a job on one host and on two, each a container with one core, and count what crosses the network.

Needs Docker and the image (IMAGE, open-linear-learner:dev).
"""

import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.job import spent
from benchmarks.measure import Figure, answer, chosen
from container.codecs.recordio import encode_records, encode_sparse_records
from container.rows.blocks import Sparse as Held
from open_algorithms.learning.rows.csr import Sparse, choose_rows

IMAGE = os.environ.get("IMAGE", "open-linear-learner:dev")
MODELS = 32
FEW, MANY = 1, 3  # epochs: what is counted is what the others add
REPEATS = 3
SENT = "cat /sys/class/net/eth0/statistics/tx_bytes"


@dataclass(frozen=True)
class Shape:
    """A problem; `batch` is the rows of a mini-batch on all hosts, `held` the values of a row, 0 where it is dense."""

    rows: int
    features: int
    classes: int
    batch: int
    held: int = 0
    least: float | None = None

    def __str__(self) -> str:
        outputs = f", {self.classes} classes" if self.classes > 2 else ""
        held = f", {self.held} values a row" if self.held else ""
        return f"{self.rows:,} x {self.features:,}{held}{outputs}, mini-batches of {self.batch:,}"

    @property
    def steps(self) -> int:
        """Count the updates of an epoch."""
        return -(-self.rows // self.batch)

    @property
    def columns(self) -> int:
        """Count the weights of a feature."""
        return MODELS * (1 if self.classes == 2 else self.classes)

    def message(self, X: np.ndarray[Any, Any] | Sparse) -> float:
        """Return the bytes of one update's gradient; of sparse rows only the columns that occur count."""
        if not isinstance(X, Sparse):
            return 4 * self.columns * (self.features + 1)
        batches = X.indices.reshape(self.steps, -1)
        union = np.mean([len(np.unique(batch)) for batch in batches])
        of_each = np.mean(
            [
                len(np.unique(batch[first::2]))
                for batch in batches.reshape(self.steps, -1, self.held)
                for first in (0, 1)
            ]
        )
        return float(4 * self.columns * (union + 1) + 8 * 2 * of_each)


# More than twenty mini-batches each, so that no candidate cuts them into slices.
SHAPES = (
    Shape(84_000, 784, 10, 4_000, least=1.6),
    Shape(42_000, 784, 10, 1_000),
    Shape(84_000, 784, 2, 4_000),
    Shape(400_000, 30, 2, 1_000),
    Shape(42_000, 200_000, 2, 2_000, held=50),
)


def figures() -> Iterator[Figure]:
    """Measure every shape."""
    for shape in SHAPES:
        if chosen(str(shape)):
            with tempfile.TemporaryDirectory() as folder:
                yield from measure(shape, Path(folder))


def measure(shape: Shape, folder: Path) -> Iterator[Figure]:
    """Train on one host and on two, and compare."""
    subject = str(shape)
    message = shape.message(draw(shape, folder))
    seconds, sent = {}, {}
    for hosts in (1, 2):
        taken = [train(shape, folder, hosts, epochs) for _ in range(REPEATS) for epochs in (FEW, MANY)]
        few, many = (min(run[0] for run in taken[which::2]) for which in (0, 1))
        seconds[hosts] = (many - few) / (MANY - FEW) / shape.steps
        sent[hosts] = (taken[1][1] - taken[0][1]) / (MANY - FEW) / shape.steps
        yield Figure(subject, f"an update on {hosts} host{'s'[: hosts - 1]}", 1000 * seconds[hosts], "ms")
    yield Figure(subject, "two hosts, of the speed of one", seconds[1] / seconds[2], least=shape.least)
    yield Figure(subject, "bytes that a host sends in an update", sent[2])
    yield Figure(subject, "bytes sent, of 2 G (H - 1) / H", sent[2] / message, least=0.8, most=1.2)


def draw(shape: Shape, folder: Path) -> np.ndarray[Any, Any] | Sparse:
    """Write random rows, as a whole and as two shards of alternating rows; return all."""
    generator = np.random.default_rng(0)
    y = generator.integers(0, shape.classes, shape.rows).astype(np.float32)
    parts = {"1-0": np.arange(shape.rows), "2-0": np.arange(0, shape.rows, 2), "2-1": np.arange(1, shape.rows, 2)}
    X: np.ndarray[Any, Any] | Sparse
    if shape.held:
        width = shape.features // shape.held
        indices = generator.integers(0, width, (shape.rows, shape.held)) + width * np.arange(shape.held)
        values = generator.standard_normal(indices.size, np.float32)
        ends = np.arange(0, indices.size + 1, shape.held)
        X = Sparse(values, indices.ravel().astype(np.int32), ends, (shape.rows, shape.features))
        files = {name: encode_sparse_records(Held(*choose_rows(X, rows)), y[rows]) for name, rows in parts.items()}
    else:
        X = generator.standard_normal((shape.rows, shape.features), np.float32)
        files = {name: encode_records(X[rows], y[rows]) for name, rows in parts.items()}
    for name, file in files.items():
        (folder / name / "input" / "data" / "train").mkdir(parents=True)
        (folder / name / "input" / "data" / "train" / "rows").write_bytes(file)
    return X


def train(shape: Shape, folder: Path, hosts: int, epochs: int) -> tuple[float, float]:
    """Run the job; return the seconds of training and the bytes that the first host has sent."""
    kind = {"predictor_type": "binary_classifier"}
    if shape.classes > 2:
        kind = {"predictor_type": "multiclass_classifier", "num_classes": str(shape.classes)}
    hyperparameters = kind | {"mini_batch_size": str(shape.batch // hosts), "epochs": str(epochs)}
    hyperparameters |= {"early_stopping_patience": "1000", "num_models": str(MODELS), "shuffle": "false"}
    names = [f"algo-{rank + 1}" for rank in range(hosts)]
    with network() as joined:
        running = []
        for rank, name in enumerate(names):
            root = folder / f"{hosts}-{rank}"
            (root / "input" / "config").mkdir(exist_ok=True)
            for file, content in {
                "hyperparameters": hyperparameters,
                "inputdataconfig": {"train": {"S3DistributionType": "ShardedByS3Key"}},
                "resourceconfig": {"current_host": name, "hosts": names, "network_interface_name": "eth0"},
            }.items():
                (root / "input" / "config" / f"{file}.json").write_text(json.dumps(content))
            running.append(start(root, name, joined, rank))
        logs = [process.communicate(timeout=600)[0] for process in running]
    if any(process.returncode for process in running):
        sys.exit("\n".join(logs))
    return spent(logs[0])["train"], float(logs[0].split()[-1])


def start(root: Path, name: str, joined: str, core: int) -> "subprocess.Popen[str]":
    """Start a host."""
    command = ["docker", "run", "--rm", f"--network={joined}", f"--network-alias={name}", f"--cpuset-cpus={core}"]
    command += [f"--volume={root}:/opt/ml", "--entrypoint=sh", IMAGE, "-ec", f"train; {SENT}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@contextmanager
def network() -> Iterator[str]:
    """Make a network for one job."""
    name = f"bench-{uuid.uuid4().hex[:12]}"
    subprocess.run(["docker", "network", "create", "--internal", name], check=True, capture_output=True)
    try:
        yield name
    finally:
        subprocess.run(["docker", "network", "rm", name], check=True, capture_output=True)


if __name__ == "__main__":
    answer("When does a second host pay, and what crosses the network?", figures())
