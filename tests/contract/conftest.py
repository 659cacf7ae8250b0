"""Jobs and servers, as processes and in containers, in a temporary root laid out as the platform does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.jobs import TrainingJob, lay_out_example_job
from tests.contract.launch import Container, Process, Running, launch_by
from tests.contract.servers import RunningServer, serve_model


@pytest.fixture(scope="session", params=[launch_by(Process), launch_by(Container)])
def launch(request: pytest.FixtureRequest) -> type[Running]:
    """Every test that asks for it runs twice: on the programs of this checkout and on the image."""
    how: type[Running] = request.param
    return how


@pytest.fixture
def job(tmp_path: Path, launch: type[Running]) -> TrainingJob:
    """A job on the bundled data as CSV."""
    return lay_out_example_job(tmp_path, launch)


@pytest.fixture(scope="session")
def trained(launch: type[Running], tmp_path_factory: pytest.TempPathFactory) -> TrainingJob:
    """A finished job on the bundled data."""
    job = lay_out_example_job(tmp_path_factory.mktemp("trained"), launch)
    status, log = job.train()
    assert status == 0, log
    return job


@pytest.fixture(scope="session")
def server(trained: TrainingJob, launch: type[Running]) -> Iterator[RunningServer]:
    """A server of the trained model."""
    with serve_model(trained.root, launch) as running:
        yield running
