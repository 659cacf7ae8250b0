"""A model folder: only regular files that lie in it are opened, and read no further than they may be long."""

import os
import socket
from io import BytesIO
from pathlib import Path

import pytest

from open_algorithms.learning.artifact.folder import open_model_file, read_bounded
from open_algorithms.learning.job.errors import InputError

NAME = "mx-mod-0000.params"
CONTENT = b"what it holds"


def write_file(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_bytes(CONTENT)
    return folder / NAME


def read_file(folder: Path) -> bytes | None:
    file = open_model_file(folder, NAME)
    if file is None:
        return None
    with file:
        return file.read()


def test_a_file_is_opened_and_one_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_file(tmp_path) is None
    assert read_file(tmp_path / "absent") is None
    write_file(tmp_path)
    assert read_file(tmp_path / NAME) is None
    assert read_file(tmp_path) == CONTENT


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside, folder = write_file(tmp_path), tmp_path / "model"
    folder.mkdir()
    for target in (outside, Path("..") / NAME, Path("/dev/zero"), Path("/nowhere")):
        (folder / NAME).symlink_to(target)
        with pytest.raises(InputError, match=f"{NAME} is a link that leads out of the model folder"):
            open_model_file(folder, NAME)
        (folder / NAME).unlink()


def test_a_folder_beside_whose_name_begins_alike_is_outside(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / NAME).symlink_to(write_file(tmp_path / "model-other"))
    with pytest.raises(InputError, match="leads out of the model folder"):
        open_model_file(tmp_path / "model", NAME)


def test_links_inside_the_folder_and_to_the_folder_are_followed(tmp_path: Path) -> None:
    write_file(tmp_path / "model" / "data")
    (tmp_path / "model" / NAME).symlink_to(Path("data") / NAME)
    (tmp_path / "linked").symlink_to("model")
    assert read_file(tmp_path / "linked") == CONTENT


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / NAME).symlink_to("other")
    (tmp_path / "other").symlink_to(NAME)
    with pytest.raises(InputError, match=f"{NAME} in the model folder cannot be opened"):
        open_model_file(tmp_path, NAME)


@pytest.mark.parametrize("kind", ["pipe", "folder", "socket"])
def test_what_is_not_a_regular_file_is_refused_unopened(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / NAME
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        with socket.socket(socket.AF_UNIX) as server:
            monkeypatch.chdir(tmp_path)  # a socket's path is short
            server.bind(NAME)
    with pytest.raises(InputError, match=f"{NAME} in the model folder is not a regular file"):
        open_model_file(tmp_path, NAME)


def test_what_is_longer_than_it_may_be_is_refused_and_not_read_on() -> None:
    source = BytesIO(bytes(5000))
    with pytest.raises(InputError, match=f"{NAME} is too large: expected at most 1000 bytes"):
        read_bounded(source, 1000, NAME)
    assert source.tell() == 1001
    assert read_bounded(BytesIO(bytes(1000)), 1000, NAME) == bytes(1000)


def test_what_there_is_no_room_for_is_told_before_it_is_held() -> None:
    with pytest.raises(MemoryError, match=f"{NAME} is larger than 12 bytes, for which there is memory"):
        read_bounded(BytesIO(CONTENT), 1000, NAME, 12)
    assert read_bounded(BytesIO(CONTENT), 1000, NAME, 13) == CONTENT
