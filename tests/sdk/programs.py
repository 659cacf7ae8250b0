"""Programs of Amazon's SDK, in the environment that `make test` builds for it, with credentials of nobody."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent.parent
PYTHON = TOP / ".venv" / "sdk" / "bin" / "python"
NOBODY = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_EC2_METADATA_DISABLED": "true"}


def prepare_sdk(folder: Path, **environment: str) -> Callable[[str], str]:
    """Give a function that runs a program with the SDK in `folder` and gives what it prints."""
    if not PYTHON.exists():
        reason = f"{PYTHON.parent.parent} is not there; make test builds it where a Docker engine answers"
        if os.environ.get("REQUIRE_DOCKER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)

    def run(program: str) -> str:
        result = subprocess.run(
            [str(PYTHON), "-"],
            input=program,
            env={**os.environ, **NOBODY, **environment},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    return run


@pytest.fixture
def sdk(tmp_path: Path) -> Callable[[str], str]:
    """Run a program with the SDK in `tmp_path` and give what it prints."""
    return prepare_sdk(tmp_path)
