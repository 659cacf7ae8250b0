"""Programs of Amazon's SDK, in the environment that `make test-all` builds for it, with credentials of nobody."""

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.needs import SDK
from tests.waiting import HANG_SECONDS

# docker-compose 1.29 passes over the status of a container that the engine still calls running, and tells the SDK 0.
COMPOSE_TRIES = 4
NOBODY = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_EC2_METADATA_DISABLED": "true"}


def prepare_sdk(folder: Path, python: Path = SDK, user: Sequence[str] = (), **environment: str) -> Callable[[str], str]:
    """Give a function that runs a program with the SDK of `python` in `folder` and gives what it prints.

    `user` is the beginning of a command that becomes another user.
    """

    def run(program: str) -> str:
        result = subprocess.run(
            [*user, str(python), "-"],
            input=program,
            env={**os.environ, **NOBODY, **environment},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=HANG_SECONDS,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    return run


@pytest.fixture
def sdk(tmp_path: Path) -> Callable[[str], str]:
    """Run a program with the SDK in `tmp_path` and give what it prints."""
    return prepare_sdk(tmp_path)


def run_failing(run: Callable[..., Any], title: str) -> Any:
    """Run the program under a heading, in which a job fails, until the SDK notices; give the `reason` that it found."""
    for _ in range(COMPOSE_TRIES):
        try:
            return run(title, expression="reason")
        except AssertionError as error:
            if "name 'reason' is not defined" not in str(error):
                raise
    return None
