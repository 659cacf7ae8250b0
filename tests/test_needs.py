"""What tests need and is not there is told before the first of them: a reason to leave some out, or an error in CI."""

import os
import subprocess
import sys

import pytest

from tests.needs import NOT_REQUIRED, PROBLEMS, TOP, find_problems

pytestmark = pytest.mark.processes


def collect_without_programs(**environment: str) -> subprocess.CompletedProcess[str]:
    """Collect this file's tests where no program is found."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", __file__]
    given = {**os.environ, "PATH": "", "REQUIRE_ALL": "", "LINEAR_LEARNER_SHARED": "/nowhere", **environment}
    return subprocess.run(command, cwd=TOP, env=given, capture_output=True, text=True)


def test_what_is_left_out_is_told_with_what_would_bring_it() -> None:
    collected = collect_without_programs()
    assert collected.returncode == 0
    for name, problem in {
        "image": "no Docker engine answers",
        "browser": "chromium and chromedriver missing; on Debian: apt-get install chromium chromium-driver",
        "curl": "curl missing; on Debian: apt-get install curl",
        "shared": "/nowhere/golden/adult is absent; LINEAR_LEARNER_SHARED names the folder of the data",
    }.items():
        assert any(line.split()[:1] == [name] and line.endswith(problem) for line in collected.stdout.splitlines())


def test_where_all_is_required_nothing_is_left_out_but_what_lies_outside_the_project() -> None:
    refused = collect_without_programs(REQUIRE_ALL="1")
    assert refused.returncode == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: REQUIRE_ALL=1, but there is missing: image: no Docker engine answers; " in refused.stderr
    assert "/nowhere" not in refused.stderr


def test_every_need_has_a_marker_that_says_so(request: pytest.FixtureRequest) -> None:
    described = {line.partition(":")[0] for line in request.config.getini("markers") if ": needs " in line}
    assert described == PROBLEMS.keys()
    assert set(NOT_REQUIRED) <= PROBLEMS.keys()
    assert find_problems().keys() <= PROBLEMS.keys()
