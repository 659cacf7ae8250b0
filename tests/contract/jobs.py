"""Training jobs, in a temporary root laid out as the platform does."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from container.codecs.recordio import encode_records
from tests.contract.example import DATA, read_example
from tests.contract.formats import CSV, LIBSVM, PARQUET, encode_libsvm, encode_parquet
from tests.contract.launch import Running
from tests.waiting import HANG_SECONDS, wait_until


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
        wait_until(lambda: self.log.exists() and text in self.log.read_text(), self.log.read_text)

    def wait_for_checkpoint(self) -> None:
        """Wait until the job has written its next checkpoint."""
        file = self.root / "checkpoints" / "checkpoint"
        last = file.stat().st_ino if file.exists() else 0
        wait_until(lambda: file.exists() and file.stat().st_ino != last, self.log.read_text)

    def read_model(self) -> dict[str, bytes]:
        """Read the files of the model."""
        return {path.name: path.read_bytes() for path in (self.root / "model").iterdir()}

    def train(self) -> Finished:
        """Run `train` to its end."""
        with self.start() as running:
            log, _ = running.popen.communicate(timeout=HANG_SECONDS)
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
