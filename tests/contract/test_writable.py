"""What a job is going to write is tried before it trains: the folder and the user are named, and nothing is trained."""

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.contract.jobs import TrainingJob, lay_out_example_job
from tests.contract.launch import Process
from tests.contract.rights import BOUNDED, USER
from tests.needs import TOP

pytestmark = pytest.mark.processes


class Ended(NamedTuple):
    """How a job ended."""

    status: int
    log: str
    complaint: str


@pytest.fixture
def job(tmp_path: Path) -> TrainingJob:
    job = lay_out_example_job(tmp_path, Process, epochs="1", num_models="1")
    for folder in ("model", "output", "output/data", "checkpoints"):
        (tmp_path / folder).mkdir()
    return job


@pytest.fixture
def train(job: TrainingJob) -> Iterator[Callable[..., Ended]]:
    """Run the job as a user who may write only where he may."""

    def run(**environment: str) -> Ended:
        words = [*([] if USER else BOUNDED), sys.executable, str(TOP / "train")]
        variables = {**os.environ, "SAGEMAKER_BASE_DIR": str(job.root), **environment}
        with (job.root.parent / "log").open("w+") as log:
            ended = subprocess.run(words, env=variables, stdout=log, stderr=subprocess.PIPE, text=True)
            log.seek(0)
            return Ended(ended.returncode, log.read(), ended.stderr)

    yield run
    for folder, _, _ in os.walk(job.root):
        os.chmod(folder, 0o755)


def assert_refused(ended: Ended, job: TrainingJob, reason: str, written: bool = True) -> None:
    assert ended.status == 1
    assert ended.complaint == f"train: ClientError: {reason}\n"
    assert f"ERROR {ended.log.partition('ERROR ')[2].partition(']')[0]}] ClientError: {reason}\n" in ended.log
    assert "Traceback" not in ended.log
    assert "held in memory" not in ended.log
    assert not list(job.root.rglob(".*"))
    if written:
        assert job.failure == f"ClientError: {reason}"


def me() -> str:
    return f"user {USER} ({pwd.getpwuid(USER).pw_name})"


@pytest.mark.parametrize("folder", ["model", "output", "output/data", "checkpoints"])
def test_a_folder_that_may_not_be_written_is_named_with_the_user(
    job: TrainingJob, train: Callable[..., Ended], folder: str
) -> None:
    place = job.root / folder
    place.chmod(0o555)
    reason = f"it may not be written by {me()}, as whom this runs: Permission denied. Allow it: chmod u+rwx {place}"
    assert_refused(train(), job, f"{place} cannot be written: {reason}", folder != "output")
    subprocess.run(reason.rpartition(": ")[2], shell=True, check=True)
    ended = train()
    assert ended.status == 0, ended.complaint
    assert ended.complaint == ""


def test_a_folder_that_is_not_there_is_tried_where_it_would_be_made(
    job: TrainingJob, train: Callable[..., Ended]
) -> None:
    (job.root / "model").rmdir()
    job.root.chmod(0o555)
    place = job.root / "model"
    assert_refused(
        train(),
        job,
        f"{place} cannot be written: {job.root}, where it is to be made, may not be written by {me()}, as whom this "
        f"runs: Permission denied. Allow it: chmod u+rwx {job.root}",
    )


@pytest.mark.root
def test_the_user_to_whom_a_folder_belongs_is_named(job: TrainingJob, train: Callable[..., Ended]) -> None:
    place = job.root / "model"
    os.chown(place, 54321, 54321)
    assert_refused(
        train(),
        job,
        f"{place} cannot be written: it may not be written by {me()}, as whom this runs: Permission denied. Let this "
        "user write there, or run as user 54321, to whom it belongs.",
    )


@pytest.mark.parametrize("folder", ["model", "output", "output/data", "checkpoints"])
def test_a_file_in_the_place_of_a_folder_is_named(job: TrainingJob, train: Callable[..., Ended], folder: str) -> None:
    place = job.root / folder
    if folder == "output":
        (place / "data").rmdir()
    place.rmdir()
    place.write_text("")
    if folder == "checkpoints":
        job.write_config("checkpointconfig", {"LocalPath": "/opt/ml/checkpoints"})
    reason = f"{place} cannot be written: it is a file; expected a folder. Move the file away."
    assert_refused(train(), job, reason, folder != "output")


def test_a_link_to_nowhere_and_a_folder_in_the_place_of_the_package_are_named(
    job: TrainingJob, train: Callable[..., Ended]
) -> None:
    place = job.root / "model"
    place.rmdir()
    place.symlink_to("nowhere")
    reason = "it is a link to nowhere, which is not there. Make that, or remove the link."
    assert_refused(train(), job, f"{place} cannot be written: {reason}")
    (job.root / "nowhere").mkdir()
    archive = job.root / "output" / "model.tar.gz"
    archive.mkdir()
    reason = f"{archive} cannot be written: it is a folder; expected a file or nothing. Move it away."
    assert_refused(train(), job, reason)
    assert train(TRAINING_JOB_ARN="arn").status == 0


@pytest.fixture
def read_only(job: TrainingJob) -> Iterator[Path]:
    """A folder that is mounted to be read."""
    place = job.root / "model"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.root
def test_a_folder_that_is_mounted_read_only_is_named_also_for_root(
    job: TrainingJob, train: Callable[..., Ended], read_only: Path
) -> None:
    assert_refused(
        train(),
        job,
        f"{read_only} cannot be written: it is mounted read-only (this runs as {me()}). Mount it so that it can be "
        "written to.",
    )


def test_without_a_report_its_folder_does_not_matter(job: TrainingJob, train: Callable[..., Ended]) -> None:
    (job.root / "output" / "data").chmod(0o555)
    ended = train(LINEAR_LEARNER_REPORT="off")
    assert ended.status == 0, ended.log
    assert json.loads((job.root / "model" / "manifest.json").read_text())
