"""What the tests of the doors share."""

from pathlib import Path

import pytest

from container.job.program import Task
from tests.doors.tasks import CSV, OpenTask, open_channels


@pytest.fixture
def open_task(tmp_path: Path) -> OpenTask:
    """Open channels, each of one file, as a job does."""

    def open_here(kind: str = CSV, mode: str = "File", folder: str = "", labelled: bool = True, **files: bytes) -> Task:
        return open_channels(tmp_path, kind, mode, folder, labelled, **files)

    return open_here
