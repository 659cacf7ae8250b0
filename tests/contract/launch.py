"""The two ways of running `train` and `serve`: as a process of this checkout, and in a container of the image."""

import os
import subprocess
import sys
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar, cast

import pytest

from tests.needs import TOP, name_image
from tests.waiting import HANG_SECONDS

KILLED_AFTER_SECONDS = 120  # by the platform, after it has told a job to stop


class Running(ABC):
    """A running `train` or `serve` on the folders below `root`; stdout and stderr go to `output`, or to ours."""

    needs: ClassVar[tuple[pytest.MarkDecorator, ...]] = ()  # what tests of it are marked with
    algorithm: ClassVar[str] = "linear_learner"  # by its word

    def __init__(self, word: str, root: Path, environment: Mapping[str, str], output: int | None = None) -> None:
        command = self.command_line(word, root, environment)
        self.popen = subprocess.Popen(
            command,
            env={**os.environ, "ALGORITHM": self.algorithm, "SAGEMAKER_BASE_DIR": str(root), **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @abstractmethod
    def command_line(self, word: str, root: Path, environment: Mapping[str, str]) -> list[str]:
        """Give the command line."""

    @abstractmethod
    def ask_to_stop(self) -> None:
        """Do what the platform does to stop it."""

    @abstractmethod
    def kill(self) -> None:
        """End it at once, without asking, and wait for that."""

    def stop(self) -> int:
        """Ask it to stop and give its exit status."""
        self.ask_to_stop()
        return self.popen.wait(timeout=HANG_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.popen.poll() is None:
            self.stop()
        if self.popen.stdout is not None:
            self.popen.stdout.close()


RunningT = TypeVar("RunningT", bound=Running)


class Process(Running):
    """The program of this checkout."""

    def command_line(self, word: str, root: Path, environment: Mapping[str, str]) -> list[str]:
        return [sys.executable, str(TOP / word)]

    def ask_to_stop(self) -> None:
        self.popen.terminate()

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()


class Container(Running):
    """The image, as its caller's user; what the platform only gives to be read is mounted read-only."""

    needs = (pytest.mark.image,)
    options: tuple[str, ...] = ()

    def command_line(self, word: str, root: Path, environment: Mapping[str, str]) -> list[str]:
        self.name = f"contract-{uuid.uuid4().hex[:12]}"
        inputs = root / ("model" if word == "serve" else "input")
        port = environment.get("SAGEMAKER_BIND_TO_PORT")
        return [
            *("docker", "run", "--rm", "--name", self.name, "--user", f"{os.getuid()}:{os.getgid()}"),
            *(f"--env={name}={value}" for name, value in environment.items()),
            *([f"--publish=127.0.0.1:{port}:{port}"] if port else []),
            *(f"--volume={root}:/opt/ml", f"--volume={inputs}:/opt/ml/{inputs.name}:ro"),
            *(*self.options, name_image(self.algorithm), word),
        ]

    def ask_to_stop(self) -> None:
        # fails where it ended in the meantime
        subprocess.run(
            ["docker", "stop", f"--time={KILLED_AFTER_SECONDS}", self.name], check=False, capture_output=True
        )

    def kill(self) -> None:
        # again and again, since one that is only being created cannot be killed
        while self.popen.poll() is None:
            subprocess.run(["docker", "kill", self.name], check=False, capture_output=True)
            time.sleep(0.05)


class HardenedContainer(Container):
    """The image as a stranger would run it: any user, nothing writable but the mounts, no network, no privilege."""

    options = ("--read-only", "--network=none", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=1234")


def run_algorithm(launch: type[RunningT], word: str) -> type[RunningT]:
    """Give the same way of running another algorithm: by ALGORITHM, or by its own image."""
    return cast(type[RunningT], type(f"{launch.__name__}Of{word}", (launch,), {"algorithm": word}))


def launch_by(how: type[Running], *others: Any) -> Any:
    """Give a parameter set that begins with a way of running, marked with what it needs."""
    return pytest.param(how, *others, marks=how.needs, id="-".join(map(str, (how.__name__.lower(), *others))))
