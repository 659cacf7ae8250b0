"""What tests of the image share."""

import os

import pytest

from tests.contract.launch import image_problem


@pytest.fixture(scope="session")
def image() -> None:
    """Skip where the image cannot be run; with REQUIRE_DOCKER=1, as in CI, fail."""
    if problem := image_problem():
        if os.environ.get("REQUIRE_DOCKER") == "1":
            pytest.fail(problem)
        pytest.skip(problem)
