"""What tests of the image and of pages share."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from selenium.webdriver import Chrome

from tests import browser as chromium
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


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Headless Chromium, one for all tests; skip where there is none, and with REQUIRE_CHROMIUM=1, as in CI, fail."""
    yield from chromium.start(tmp_path_factory.mktemp("chromium"))
