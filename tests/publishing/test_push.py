"""`make push` with the real AWS CLI and a real Docker engine, on a stand-in for ECR."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from open_algorithms import VERSION
from tests.contract.algorithms import OTHERS
from tests.needs import SDK, TOP
from tests.page import read_blocks
from tests.publishing.aws import ACCOUNT, Aws
from tests.waiting import HANG_SECONDS

pytestmark = [pytest.mark.image, pytest.mark.sdk, pytest.mark.processes]


@pytest.fixture
def small() -> Iterator[str]:
    """A small image to push; its tags go away with it."""
    name = f"push-{uuid.uuid4().hex[:12]}:1"
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo("something")
        member.size = 4
        tar.addfile(member, io.BytesIO(uuid.uuid4().bytes[:4]))
    subprocess.run(["docker", "import", "-", name], input=archive.getvalue(), check=True, capture_output=True)
    number = inspect(name, "{{.Id}}")
    yield name
    subprocess.run(["docker", "rmi", "--force", number], check=True, capture_output=True)


def inspect(image: str, what: str) -> str:
    return subprocess.run(
        ["docker", "image", "inspect", "--format", what, image], check=True, capture_output=True, text=True
    ).stdout.strip()


def push(tmp_path: Path, image: str, path: str | None = None, **words: str) -> "subprocess.CompletedProcess[str]":
    """Run `make push` with the AWS CLI of the tests, or only with what is on `path`."""
    variables = [f"{name}={value}" for name, value in words.items()]
    return run(tmp_path, image, ["make", "--no-print-directory", "push", *variables], path)


def run(tmp_path: Path, image: str, command: list[str], path: str | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a command for an image, at a home of its own."""
    (tmp_path / "docker").mkdir(exist_ok=True)
    environment = {"PATH": path or f"{SDK.parent}:{os.environ['PATH']}", "HOME": str(tmp_path), "IMAGE": image}
    environment |= {"DOCKER_CONFIG": str(tmp_path / "docker")}
    return subprocess.run(
        command, cwd=TOP, env=os.environ | environment, capture_output=True, text=True, timeout=HANG_SECONDS
    )


def test_the_documented_commands_first_tell_and_then_push(tmp_path: Path, aws: Aws, small: str) -> None:
    typed = run(tmp_path, small, ["bash", "-ec", read_blocks("sh")["Push it to ECR"]])
    assert typed.returncode == 0, typed.stdout + typed.stderr
    told, _, done = typed.stdout.partition("would run: docker push")
    assert "would run: aws ecr create-repository" in told
    assert "would run" not in done
    assert len(aws.manifests) == 1


def test_an_image_is_pushed_into_a_repository_that_is_made_for_it(tmp_path: Path, aws: Aws, small: str) -> None:
    result = push(tmp_path, small, TAG="1.2.3")
    assert result.returncode == 0, result.stdout + result.stderr
    assert aws.repositories == {"open-linear-learner"}
    manifest = aws.manifests["open-linear-learner:1.2.3"]
    assert json.loads(manifest)["config"]["digest"] == inspect(small, "{{.Id}}")
    assert result.stdout.splitlines()[-2:] == [
        f"IMAGE={aws.registry}/open-linear-learner:1.2.3",
        f"DIGEST=sha256:{hashlib.sha256(manifest).hexdigest()}",
    ]


def test_a_repository_that_is_there_is_used_and_the_tag_is_the_projects_version(
    tmp_path: Path, aws: Aws, small: str
) -> None:
    aws.repositories.add("mine")
    result = push(tmp_path, small, REPOSITORY="mine")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "CreateRepository" not in aws.asked_names()
    assert list(aws.manifests) == [f"mine:{VERSION}"]


def test_a_dry_run_tells_everything_and_changes_nothing(tmp_path: Path, aws: Aws, small: str) -> None:
    result = push(tmp_path, small, TAG="1", DRY_RUN="1")
    assert result.returncode == 0, result.stdout + result.stderr
    lines = [line.removeprefix("would run: ") for line in result.stdout.splitlines()]
    address = "<address of open-linear-learner>"
    assert lines == [
        f"{small} goes to open-linear-learner:1 of account {ACCOUNT} in eu-west-1.",
        "aws ecr create-repository --repository-name open-linear-learner",
        f"docker login --username AWS --password-stdin {address}",
        f"docker tag {small} {address}:1",
        f"docker push {address}:1",
    ]
    assert set(aws.asked_names()) == {"GetCallerIdentity", "DescribeRepositories", "GetAuthorizationToken"}
    assert (aws.repositories, aws.manifests, list((tmp_path / "docker").iterdir())) == (set(), {}, [])


@pytest.mark.parametrize("word", OTHERS)
def test_another_algorithm_goes_to_a_repository_of_its_own(tmp_path: Path, aws: Aws, small: str, word: str) -> None:
    result = push(tmp_path, small, ALGORITHM=word, TAG="1", DRY_RUN="1")
    assert result.returncode == 0, result.stdout + result.stderr
    name = f"open-{word.replace('_', '-')}"
    assert result.stdout.startswith(f"{small} goes to {name}:1 of account {ACCOUNT} in eu-west-1.\n")


def test_a_dry_run_knows_the_address_of_a_repository_that_is_there(tmp_path: Path, aws: Aws, small: str) -> None:
    aws.repositories.add("open-linear-learner")
    result = push(tmp_path, small, TAG="1", DRY_RUN="1")
    assert f"would run: docker push {aws.registry}/open-linear-learner:1\n" in result.stdout
    assert inspect(small, "{{.RepoTags}}") == f"[{small}]"


def test_an_image_that_is_not_there_is_told_before_aws_is_asked(tmp_path: Path, aws: Aws) -> None:
    result = push(tmp_path, "no-such-image:1")
    assert result.returncode != 0
    assert "there is no image no-such-image:1: make image IMAGE=no-such-image:1" in result.stderr
    assert aws.asked == []


def test_a_missing_command_line_is_told(tmp_path: Path, aws: Aws, small: str) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("make", "bash", "sh", "env", "sed", "docker"):
        found = shutil.which(tool)
        assert found
        (tools / tool).symlink_to(found)
    result = push(tmp_path, small, path=str(tools))
    assert result.returncode != 0
    assert "aws is missing: install the AWS CLI" in result.stderr


def test_a_missing_region_is_told(tmp_path: Path, aws: Aws, small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    result = push(tmp_path, small)
    assert result.returncode != 0
    assert "expected a region, found none: set AWS_REGION" in result.stderr


def test_missing_credentials_are_told(tmp_path: Path, aws: Aws, small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    result = push(tmp_path, small)
    assert result.returncode != 0
    assert "AWS does not say whose credentials these are (above): aws configure" in result.stderr
    assert aws.asked == []


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        ("DescribeRepositories", "ECR does not tell about the repository open-linear-learner: "),
        ("CreateRepository", "the repository open-linear-learner could not be made."),
        ("GetAuthorizationToken", "ECR gives no password for a login (above)."),
    ],
)
def test_what_aws_denies_is_told_and_nothing_is_pushed(
    tmp_path: Path, aws: Aws, small: str, call: str, complaint: str
) -> None:
    aws.denied = call
    result = push(tmp_path, small)
    assert result.returncode != 0
    assert f"make push: {complaint}" in result.stderr
    assert "AccessDeniedException" in result.stderr
    assert aws.manifests == {}
