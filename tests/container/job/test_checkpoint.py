"""A checkpoint is whole or that of before, whatever happens while it is written."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from container.job.checkpoint import CheckpointFile


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def checkpoint(tmp_path: Path, said: list[str]) -> CheckpointFile:
    return CheckpointFile(tmp_path, said.append)


def writing(text: bytes) -> Callable[[BinaryIO], None]:
    def dump(file: BinaryIO) -> None:
        file.write(text)

    return dump


def content(checkpoint: CheckpointFile) -> bytes | None:
    if (file := checkpoint.open_latest()) is None:
        return None
    with file:
        return file.read()


def test_what_was_written_last_is_read(checkpoint: CheckpointFile, said: list[str]) -> None:
    assert content(checkpoint) is None
    checkpoint.replace_latest(writing(b"first"))
    checkpoint.replace_latest(writing(b"second"))
    assert content(checkpoint) == b"second"
    checkpoint.remove_latest()
    checkpoint.remove_latest()
    assert content(checkpoint) is None
    assert said == []


def test_a_full_disk_leaves_the_last_one_and_is_said(
    checkpoint: CheckpointFile, said: list[str], tmp_path: Path
) -> None:
    def full(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    checkpoint.replace_latest(writing(b"whole"))
    checkpoint.replace_latest(full)
    assert content(checkpoint) == b"whole"
    assert os.listdir(tmp_path) == ["checkpoint"]
    assert said == [f"No checkpoint could be written to {tmp_path}: No space left on device. Training goes on."]


def test_a_stop_while_it_is_written_leaves_the_last_one(checkpoint: CheckpointFile, tmp_path: Path) -> None:
    def stopped(file: BinaryIO) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    checkpoint.replace_latest(writing(b"whole"))
    with pytest.raises(KeyboardInterrupt):
        checkpoint.replace_latest(stopped)
    assert content(checkpoint) == b"whole"
    assert os.listdir(tmp_path) == ["checkpoint"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "file").write_text("")
    checkpoint = CheckpointFile(tmp_path / "file" / "checkpoints", said.append)
    checkpoint.replace_latest(writing(b"whole"))
    assert content(checkpoint) is None
    assert (
        said[0] == f"No checkpoint could be written to {tmp_path / 'file' / 'checkpoints'}: Not a directory. "
        "Training goes on."
    )


def test_what_cannot_be_removed_is_said(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "checkpoint").mkdir()
    CheckpointFile(tmp_path, said.append).remove_latest()
    where = tmp_path / "checkpoint"
    assert said == [f"The checkpoint {where} could not be removed, though the job is done: Is a directory."]


def test_what_the_platform_leaves_beside_it_is_left_alone(tmp_path: Path, said: list[str]) -> None:
    for name in ("checkpoint.sagemaker-uploading", "checkpoint.sagemaker-uploaded", "other"):
        (tmp_path / name).write_text(name)
    (tmp_path / "checkpoint.sagemaker-ignore").write_text("cut off by a kill")
    checkpoint = CheckpointFile(tmp_path, said.append)
    assert content(checkpoint) is None
    checkpoint.replace_latest(writing(b"whole"))
    checkpoint.remove_latest()
    assert sorted(os.listdir(tmp_path)) == ["checkpoint.sagemaker-uploaded", "checkpoint.sagemaker-uploading", "other"]
