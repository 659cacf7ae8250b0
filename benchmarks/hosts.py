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

from benchmarks.job import time_line_seconds
from benchmarks.measure import Figure, is_chosen, run_benchmark
from container.codecs.recordio import encode_records, encode_sparse_records
from open_algorithms.learning.rows.csr import Csr, take_rows

IMAGE = os.environ.get("IMAGE", "open-linear-learner:dev")
MODELS = 32
FEW, MANY = 1, 3  # epochs: what is counted is what the others add
REPEATS = 3
SENT = "cat /sys/class/net/eth0/statistics/tx_bytes"


@dataclass(frozen=True)
class HostsProblem:
    """A problem: `batch` rows of a mini-batch on all hosts, `values_per_row` values in a row, 0 where it is dense."""

    rows: int
    features: int
    classes: int
    batch: int
    values_per_row: int = 0
    least: float | None = None

    def __str__(self) -> str:
        outputs = f", {self.classes} classes" if self.classes > 2 else ""
        held = f", {self.values_per_row} values a row" if self.values_per_row else ""
        return f"{self.rows:,} x {self.features:,}{held}{outputs}, mini-batches of {self.batch:,}"

    @property
    def steps(self) -> int:
        """Count the updates of an epoch."""
        return -(-self.rows // self.batch)

    @property
    def weight_columns(self) -> int:
        """Count the weights of a feature."""
        return MODELS * (1 if self.classes == 2 else self.classes)

    def message_bytes(self, X: np.ndarray[Any, Any] | Csr) -> float:
        """Return the bytes of one update's gradient; of sparse rows only the columns that occur count."""
        if not isinstance(X, Csr):
            return 4 * self.weight_columns * (self.features + 1)
        batches = X.indices.reshape(self.steps, -1)
        union = np.mean([len(np.unique(batch)) for batch in batches])
        of_each = np.mean(
            [
                len(np.unique(batch[first::2]))
                for batch in batches.reshape(self.steps, -1, self.values_per_row)
                for first in (0, 1)
            ]
        )
        return float(4 * self.weight_columns * (union + 1) + 8 * 2 * of_each)


# More than twenty mini-batches each, so that no candidate cuts them into slices.
PROBLEMS = (
    HostsProblem(84_000, 784, 10, 4_000, least=1.6),
    HostsProblem(42_000, 784, 10, 1_000),
    HostsProblem(84_000, 784, 2, 4_000),
    HostsProblem(400_000, 30, 2, 1_000),
    HostsProblem(42_000, 200_000, 2, 2_000, values_per_row=50),
)


def figures() -> Iterator[Figure]:
    """Measure every shape."""
    for shape in PROBLEMS:
        if is_chosen(str(shape)):
            with tempfile.TemporaryDirectory() as folder:
                yield from measure_problem(shape, Path(folder))


def measure_problem(shape: HostsProblem, folder: Path) -> Iterator[Figure]:
    """Train on one host and on two, and compare."""
    subject = str(shape)
    message = shape.message_bytes(write_shards(shape, folder))
    seconds, sent = {}, {}
    for hosts in (1, 2):
        taken = [run_job(shape, folder, hosts, epochs) for _ in range(REPEATS) for epochs in (FEW, MANY)]
        few, many = (min(run[0] for run in taken[which::2]) for which in (0, 1))
        seconds[hosts] = (many - few) / (MANY - FEW) / shape.steps
        sent[hosts] = (taken[1][1] - taken[0][1]) / (MANY - FEW) / shape.steps
        yield Figure(subject, f"an update on {hosts} host{'s'[: hosts - 1]}", 1000 * seconds[hosts], "ms")
    yield Figure(subject, "two hosts, of the speed of one", seconds[1] / seconds[2], least=shape.least)
    yield Figure(subject, "bytes that a host sends in an update", sent[2])
    yield Figure(subject, "bytes sent, of 2 G (H - 1) / H", sent[2] / message, least=0.8, most=1.2)


def write_shards(shape: HostsProblem, folder: Path) -> np.ndarray[Any, Any] | Csr:
    """Write random rows, as a whole and as two shards of alternating rows; return all."""
    generator = np.random.default_rng(0)
    y = generator.integers(0, shape.classes, shape.rows).astype(np.float32)
    parts = {"1-0": np.arange(shape.rows), "2-0": np.arange(0, shape.rows, 2), "2-1": np.arange(1, shape.rows, 2)}
    X: np.ndarray[Any, Any] | Csr
    if shape.values_per_row:
        width = shape.features // shape.values_per_row
        indices = generator.integers(0, width, (shape.rows, shape.values_per_row)) + width * np.arange(
            shape.values_per_row
        )
        values = generator.standard_normal(indices.size, np.float32)
        ends = np.arange(0, indices.size + 1, shape.values_per_row)
        X = Csr(values, indices.ravel().astype(np.int32), ends, (shape.rows, shape.features))
        files = {name: encode_sparse_records(take_rows(X, rows), y[rows]) for name, rows in parts.items()}
    else:
        X = generator.standard_normal((shape.rows, shape.features), np.float32)
        files = {name: encode_records(X[rows], y[rows]) for name, rows in parts.items()}
    for name, file in files.items():
        (folder / name / "input" / "data" / "train").mkdir(parents=True)
        (folder / name / "input" / "data" / "train" / "rows").write_bytes(file)
    return X


def run_job(shape: HostsProblem, folder: Path, hosts: int, epochs: int) -> tuple[float, float]:
    """Run the job; return the seconds of training and the bytes that the first host has sent."""
    kind = {"predictor_type": "binary_classifier"}
    if shape.classes > 2:
        kind = {"predictor_type": "multiclass_classifier", "num_classes": str(shape.classes)}
    hyperparameters = kind | {"mini_batch_size": str(shape.batch // hosts), "epochs": str(epochs)}
    hyperparameters |= {"early_stopping_patience": "1000", "num_models": str(MODELS), "shuffle": "false"}
    names = [f"algo-{rank + 1}" for rank in range(hosts)]
    with docker_network() as joined:
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
            running.append(start_host(root, name, joined, rank))
        logs = [process.communicate(timeout=600)[0] for process in running]
    if any(process.returncode for process in running):
        sys.exit("\n".join(logs))
    return time_line_seconds(logs[0])["train"], float(logs[0].split()[-1])


def start_host(root: Path, name: str, joined: str, core: int) -> "subprocess.Popen[str]":
    """Start a host."""
    command = ["docker", "run", "--rm", f"--network={joined}", f"--network-alias={name}", f"--cpuset-cpus={core}"]
    command += [f"--volume={root}:/opt/ml", "--entrypoint=sh", IMAGE, "-ec", f"train; {SENT}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@contextmanager
def docker_network() -> Iterator[str]:
    """Make a network for one job."""
    name = f"bench-{uuid.uuid4().hex[:12]}"
    subprocess.run(["docker", "network", "create", "--internal", name], check=True, capture_output=True)
    try:
        yield name
    finally:
        subprocess.run(["docker", "network", "rm", name], check=True, capture_output=True)


if __name__ == "__main__":
    run_benchmark("When does a second host pay, and what crosses the network?", figures())
