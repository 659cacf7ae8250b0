"""Several hosts of one job on this machine, each a process with a root of its own; the first listens on loopback."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.ports import claim_port
from tests.waiting import HANG_SECONDS, wait_until

PROGRAM = """
import errno, os, sys, threading, time
from pathlib import Path

from container.job.guard import fork_guarded_child
from container.job.stop import StopRequest

stop = StopRequest()
stop.install_handlers()
fork_guarded_child(os.environ, stop)

from container.job.program import ChannelRole, Program
from container.team import companions, link, rendezvous as team; from container import training
from container.contract.errors import ClientError

link.HEARTBEAT_SECONDS, link.SILENCE_SECONDS, companions.GRACE_SECONDS = 0.1, float(os.environ["SILENCE"]), 0.5
team.RENDEZVOUS_PORT, team.RENDEZVOUS_SECONDS = int(os.environ["PORT"]), float(os.environ["PATIENCE"])
team.NOTICE_SECONDS = 1.0


def serve():
    os.write(1, f"companion {os.getpid()}\\n".encode())
    if os.environ["FIT"] == "deserted":
        raise RuntimeError("no such server")
    threading.Event().wait()


def fit(task):
    task.log.info(f"works as {os.getpid()}")
    task.log.log_progress(50)
    kind = os.environ["FIT"]
    if kind == "mistaken":
        raise ClientError("channel 'train', row 5: expected a number.")
    if kind == "wrong":
        raise ZeroDivisionError("division by zero")
    while kind == "works":
        time.sleep(0.01)
        task.raise_if_stopped()
    while kind in ("blocked", "deserted"):
        time.sleep(60)
    rows = sum(len(y) for X, y in task.channels["train"])
    task.log.info(f"saw {rows} rows, sharded {task.channels['train'].sharded}, of rank {task.team.rank}")
    if kind == "stopped":
        while not stop.is_received:
            time.sleep(0.01)
        try:
            task.raise_if_stopped()
        except KeyboardInterrupt:
            pass
    return rows


def save(rows, directory):
    (directory / "params").write_text(str(rows))
    print("saving", flush=True)
    if os.environ["SAVE"] == "full":
        raise OSError(errno.ENOSPC, "No space left on device", "params")
    while os.environ["SAVE"] == "slow" and not Path(os.environ["SAGEMAKER_BASE_DIR"], "go").exists():
        time.sleep(0.01)


roles = lambda team: {"parameter server": serve}
status = training.run_job(os.environ, Program("Rows", (ChannelRole("train"),), fit, save, roles=roles), stop)
sys.stdout.flush()
os._exit(status)
"""


class HostProcess:
    """One host of a job, which runs or has run."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root = root
        self._log = root / "log"
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM], env={**os.environ, **environment}, stdout=log, stderr=log
            )

    @property
    def log(self) -> str:
        """Read what it has said so far."""
        return self._log.read_text()

    @property
    def failure(self) -> str | None:
        """Read output/failure, None where there is none."""
        file = self.root / "output/failure"
        return file.read_text() if file.exists() else None

    def wait_for_text(self, text: str) -> str:
        """Wait until the log contains `text`; return the word behind it."""
        wait_until(lambda: text in self.log, lambda: f"{text!r} is not in\n{self.log}")
        return (self.log.partition(text)[2].split() or [""])[0]

    def signal_process(self, who: str, number: signal.Signals) -> None:
        """Send a signal to a process that has said who it is."""
        os.kill(int(self.wait_for_text(f"{who} ")), number)

    def wait_for_end(self) -> int:
        """Wait for the process to end; return its status."""
        return self.process.wait(timeout=HANG_SECONDS)


class LocalHosts:
    """The hosts of a job of a few rows each, who wait `patience` seconds for each other on an `interface`."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.patience, self.interface = HANG_SECONDS, "lo"
        self.names = names
        self.port = claim_port()
        self._folder = folder
        self._started: list[HostProcess] = []

    def start(
        self,
        name: str,
        fit: str = "returns",
        *,
        save: str = "whole",
        silence: float = HANG_SECONDS,
        rows: str | None = "1,2\n",
        hyperparameters: dict[str, str] | None = None,
        **channel: Any,
    ) -> HostProcess:
        """Start a host; `rows` None is an empty folder."""
        root = self._folder / name
        for folder in ("input/config", "input/data/train", "model", "output/data", "checkpoints"):
            (root / folder).mkdir(parents=True)
        (root / "checkpoints/checkpoint").write_text("course")
        resources = {"current_host": name, "hosts": self.names, "network_interface_name": self.interface}
        configuration = {
            "resourceconfig": resources,
            "hyperparameters": hyperparameters or {},
            "inputdataconfig": {"train": {"ContentType": "text/csv", **channel}},
        }
        for file, content in configuration.items():
            (root / f"input/config/{file}.json").write_text(json.dumps(content))
        if rows is not None:
            (root / "input/data/train/a.csv").write_text(rows)
        numbers = {"PORT": self.port, "SILENCE": silence, "PATIENCE": self.patience}
        environment = {name: str(number) for name, number in numbers.items()}
        host = HostProcess(root, {"SAGEMAKER_BASE_DIR": str(root), "FIT": fit, "SAVE": save, **environment})
        self._started.append(host)
        return host

    def start_all(self, fit: str = "returns", **options: Any) -> list[HostProcess]:
        """Start them all alike."""
        return [self.start(name, fit, **options) for name in self.names]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for host in self._started:
            host.process.kill()
            host.process.wait()
