"""What tests of the image share."""

import os

import pytest
from hypothesis import settings

from tests.contract.launch import image_problem

settings.register_profile("patient", deadline=None)  # the machine may be busy
settings.load_profile("patient")


@pytest.fixture(scope="session")
def image() -> None:
    """Skip where the image cannot be run; with REQUIRE_DOCKER=1, as in CI, fail."""
    if problem := image_problem():
        if os.environ.get("REQUIRE_DOCKER") == "1":
            pytest.fail(problem)
        pytest.skip(problem)
