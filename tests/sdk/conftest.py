"""Programs of Amazon's SDK, in the environment that `make test` builds for it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent.parent
PYTHON = TOP / ".venv" / "sdk" / "bin" / "python"


@pytest.fixture
def sdk(tmp_path: Path) -> Callable[[str], str]:
    """Run a program with the SDK in `tmp_path` and give what it prints."""
    if not PYTHON.exists():
        reason = f"{PYTHON.parent.parent} is not there; make test builds it where a Docker engine answers"
        if os.environ.get("REQUIRE_DOCKER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)

    def run(program: str) -> str:
        result = subprocess.run(
            [str(PYTHON), "-"], input=program, cwd=tmp_path, capture_output=True, text=True, timeout=240
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    return run
