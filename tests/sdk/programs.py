"""Programs of Amazon's SDK, in the environment that `make test-all` builds for it, with credentials of nobody."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.needs import SDK
from tests.waiting import HANG_SECONDS

NOBODY = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_EC2_METADATA_DISABLED": "true"}


def prepare_sdk(folder: Path, **environment: str) -> Callable[[str], str]:
    """Give a function that runs a program with the SDK in `folder` and gives what it prints."""

    def run(program: str) -> str:
        result = subprocess.run(
            [str(SDK), "-"],
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
