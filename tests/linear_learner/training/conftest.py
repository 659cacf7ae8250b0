"""Hosts that train together."""

from collections.abc import Iterator

import pytest

from tests.linear_learner.team import HostProcesses


@pytest.fixture(scope="module")
def two() -> Iterator[HostProcesses]:
    """Two hosts."""
    with HostProcesses(2) as team:
        yield team
