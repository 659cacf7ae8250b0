"""Headless Chromium, driven by selenium: its packages must be there, nothing is downloaded."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

PROGRAMS = ("chromium", "chromedriver")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def start(folder: Path) -> Iterator[Chrome]:
    """Run a browser whose profile lies in a folder; skip where there is none, fail with REQUIRE_CHROMIUM=1 as in CI."""
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        problem = f"{' and '.join(missing)} missing; on Debian: apt-get install chromium chromium-driver"
        pytest.fail(problem) if os.environ.get("REQUIRE_CHROMIUM") == "1" else pytest.skip(problem)
    options = ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = Chrome(options, Service(shutil.which("chromedriver")))
    try:
        yield browser
    finally:
        browser.quit()
