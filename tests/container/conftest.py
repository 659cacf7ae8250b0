"""A temporary root that looks as the platform leaves it."""

import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from container.channels.channel import Channel
from container.channels.copies import writable_bytes
from container.contract.environment import ChannelConfig
from tests.container.serving import STARTED


@pytest.fixture(autouse=True)
def _no_server_outlives_its_test() -> Iterator[None]:
    yield
    while STARTED:
        STARTED.pop().end()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty root with the folders that are always there."""
    for folder in ("input/config", "input/data", "model", "output/data"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def configure(root: Path) -> Callable[[str, Any], None]:
    """Write one of the JSON files of the job."""

    def write(name: str, content: Any) -> None:
        (root / "input" / "config" / f"{name}.json").write_text(json.dumps(content))

    return write


@pytest.fixture
def channel(root: Path) -> Callable[..., Channel]:
    """Make the train channel of the given files, text/csv in File mode unless said otherwise."""

    def make(
        files: dict[str, bytes], content_type: str | None = "text/csv", mode: str = "File", **options: Any
    ) -> Channel:
        directory = root / "input" / "data" / "train"
        directory.mkdir(exist_ok=True)
        for name, content in files.items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_bytes(content)
        return Channel(ChannelConfig("train", content_type, mode), directory, **options)

    return make


@pytest.fixture
def pipe(root: Path) -> Callable[..., Channel]:
    """Make the train channel in Pipe mode, text/csv unless said otherwise."""

    def make(content_type: str | None = "text/csv", **options: Any) -> Channel:
        return Channel(ChannelConfig("train", content_type, "Pipe"), root / "input" / "data" / "train", **options)

    return make


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on a disk with room, where temporary files go."""
    if writable_bytes(tmp_path) <= 0:
        pytest.skip("the temporary folder is not on a disk with room")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def nothing_left(tmp_path: Path) -> Iterator[None]:
    """See that the test leaves no thread behind, and no file or FIFO of its folder open."""

    def held() -> tuple[set[threading.Thread], list[str]]:
        return set(threading.enumerate()), [target for target in opened() if target.startswith(str(tmp_path))]

    def opened() -> Iterator[str]:
        for descriptor in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):  # that of the folder itself
                yield os.readlink(descriptor)

    before = held()
    yield
    assert held() == before
