"""What the tests of the command line share."""

from pathlib import Path

import pytest

from open_algorithms.commands.main import main
from tests.commands.command import Command, Ended
from tests.contract.jobs import TrainingJob, lay_out_example_job
from tests.contract.launch import Process


@pytest.fixture
def command(capfdbinary: pytest.CaptureFixture[bytes]) -> Command:
    """Run the command line in this process."""

    def run(*words: object) -> Ended:
        try:
            status = main([str(word) for word in words])
        except SystemExit as end:  # argparse
            status = int(end.code or 0)
        out, complaint = capfdbinary.readouterr()
        return Ended(status, out.decode(), complaint.decode())

    return run


@pytest.fixture(scope="session")
def job(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingJob, str]:
    """A finished job on the bundled data, and its log."""
    job = lay_out_example_job(tmp_path_factory.mktemp("job"), Process, epochs="2", num_models="2")
    status, log = job.train()
    assert status == 0, log
    return job, log


@pytest.fixture(scope="session")
def model(job: tuple[TrainingJob, str]) -> Path:
    """The folder of a trained model."""
    return job[0].root / "model"
