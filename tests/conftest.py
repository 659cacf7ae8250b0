"""What tests need and is missing is told before the first of them, and what needs it is left out."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from xdist.scheduler import LoadFileScheduling

from tests.chance import register_profiles
from tests.needs import NOT_REQUIRED, PROBLEMS, find_problems

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

register_profiles()
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

MISSING = pytest.StashKey[dict[str, str]]()
SLOW = ("image", "sdk", "sdk3", "wheel", "kills", "streams", "browser", "processes")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Chrome"]:
    """Headless Chromium, one for all tests."""
    from tests.browser import start  # not needed by those who run no test of a page

    yield from start(tmp_path_factory.mktemp("chromium"))


def pytest_configure(config: pytest.Config) -> None:
    """Find what is missing, once for all workers; with REQUIRE_ALL=1, as in CI, that is an error."""
    given = getattr(config, "workerinput", {}).get("missing")
    config.stash[MISSING] = missing = find_problems() if given is None else given
    required = [f"{name}: {problem}" for name, problem in missing.items() if name not in NOT_REQUIRED]
    if required and os.environ.get("REQUIRE_ALL") == "1":
        raise pytest.UsageError("REQUIRE_ALL=1, but there is missing: " + "; ".join(required))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist what is missing."""
    node.workerinput["missing"] = node.config.stash[MISSING]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say what is left out, and why."""
    config = session.config
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return
    described = dict(line.split(": ", 1) for line in config.getini("markers"))
    expression = config.option.markexpr
    not_asked_for = re.findall(r"\w+", expression.removeprefix("not ")) if expression.startswith("not ") else []
    left_out = {name: f"{described[name]}; make test-all runs it" for name in not_asked_for if name in described}
    left_out |= {name: f"{described[name]}; {problem}" for name, problem in config.stash[MISSING].items()}
    if left_out:
        reporter.write_line("Left out is what is marked:")
    for name, why in left_out.items():
        reporter.write_line(f"  {name:10} {why}")


class ByFileOrRoom(LoadFileScheduling):  # type: ignore[misc]
    """Gives a worker a file at a time, or all of those whose hosts meet on loopback, where only one job can be."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, _ = nodeid.partition("::")
        return str(Path(file).parent) if "several_hosts" in file else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFileOrRoom:
    """Share out the tests."""
    return ByFileOrRoom(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what asks for a fixture that needs or starts something, skip what cannot be run, begin with what is slow."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        for name in PROBLEMS.keys() & fixtures:
            item.add_marker(name)
        if "launch" in fixtures or {"command", "train"} <= fixtures:
            item.add_marker("processes")
        for name, problem in config.stash[MISSING].items():
            if item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=problem))
    slow = {item.path: 0 for item in items if any(map(item.get_closest_marker, SLOW))}
    items.sort(key=lambda item: slow.get(item.path, 1))


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name bytes that are no text by their length: what is compressed differs from second to second."""
    if isinstance(val, bytes) and not (val.isascii() and val.decode().isprintable()):
        return f"{len(val)} bytes of {argname}"
    return None
