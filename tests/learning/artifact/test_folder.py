"""A model folder: only regular files that lie in it are opened."""

import os
import socket
from pathlib import Path

import pytest

from linear_learner.artifact.read import load_model
from open_algorithms.learning.job.errors import InputError
from tests.linear_learner.artifacts import (
    NAMES,
    PARAMETERS,
    SYMBOL,
    artifact_files,
    assert_same_model,
    draw_model,
    pack_tar,
    write_files,
)

ANY = pytest.mark.parametrize("name", [*NAMES, "model.tar.gz", "model_algo-1"])


def incomplete(directory: Path, name: str) -> Path:
    """Make a folder whose file `name` will be looked at, and is not there yet."""
    directory.mkdir()
    return write_files(directory, {PARAMETERS: b""}) if name in NAMES and name != PARAMETERS else directory


@ANY
def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    outside = write_files(tmp_path, artifact_files(draw_model()))
    model = incomplete(tmp_path / "model", name)
    for target in (outside / name, Path("..") / name, Path("/dev/zero"), Path("/nowhere")):
        (model / name).symlink_to(target)
        with pytest.raises(InputError, match=f"{name} is a link that leads out of the model folder"):
            load_model(model)
        (model / name).unlink()


def test_a_folder_beside_whose_name_begins_alike_is_outside(tmp_path: Path) -> None:
    for name in ("model", "model-other"):
        (tmp_path / name).mkdir()
    write_files(tmp_path / "model-other", artifact_files(draw_model()))
    (tmp_path / "model" / PARAMETERS).symlink_to(tmp_path / "model-other" / PARAMETERS)
    with pytest.raises(InputError, match="leads out of the model folder"):
        load_model(tmp_path / "model")


def test_links_inside_the_folder_and_to_the_folder_are_followed(tmp_path: Path) -> None:
    model = draw_model()
    (tmp_path / "model" / "data").mkdir(parents=True)
    for name in artifact_files(model):
        (tmp_path / "model" / name).symlink_to(Path("data") / name)
    write_files(tmp_path / "model" / "data", artifact_files(model))
    (tmp_path / "linked").symlink_to("model")
    assert_same_model(load_model(tmp_path / "linked"), model)


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / PARAMETERS).symlink_to(SYMBOL)
    (tmp_path / SYMBOL).symlink_to(PARAMETERS)
    with pytest.raises(InputError, match=f"{PARAMETERS} in the model folder cannot be opened"):
        load_model(tmp_path)


@ANY
@pytest.mark.parametrize("kind", ["pipe", "folder", "socket"])
def test_what_is_not_a_regular_file_is_refused_unopened(
    tmp_path: Path, name: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = incomplete(tmp_path / "model", name) / name
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        with socket.socket(socket.AF_UNIX) as server:
            monkeypatch.chdir(path.parent)  # a socket's path is short
            server.bind(name)
    with pytest.raises(InputError, match=f"{name} in the model folder is not a regular file"):
        load_model(path.parent)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_larger_than_any_model_is_refused_unread(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, artifact_files(draw_model()))
    monkeypatch.setattr("linear_learner.artifact.read.FILE_LIMITS", dict.fromkeys(NAMES, 1 << 20))
    with (tmp_path / name).open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(InputError, match=f"{name} is too large: expected at most 1048576 bytes"):
        load_model(tmp_path)


@pytest.mark.parametrize("form", ["loose", "model.tar.gz", "model_algo-1"])
def test_a_model_one_folder_down_is_found(tmp_path: Path, form: str) -> None:
    model = draw_model()
    files = artifact_files(model)
    packed = {"model.tar.gz": pack_tar([(f"model/{name}", files[name]) for name in NAMES]), **files}
    (tmp_path / "model").mkdir()
    (tmp_path / "code").mkdir()
    (tmp_path / "notes").write_text("")
    write_files(tmp_path / "model", files if form == "loose" else {form: packed[form]})
    assert_same_model(load_model(tmp_path), model)


def test_folders_that_are_hidden_linked_or_further_down_hold_no_model(tmp_path: Path) -> None:
    for folder in ("outside", "root/.saving", "root/a/b"):
        (tmp_path / folder).mkdir(parents=True)
        write_files(tmp_path / folder, artifact_files(draw_model()))
    (tmp_path / "root" / "linked").symlink_to(tmp_path / "outside")
    with pytest.raises(InputError, match="No model found"):
        load_model(tmp_path / "root")


def test_a_link_out_of_a_folder_one_down_is_refused(tmp_path: Path) -> None:
    outside = write_files(tmp_path, artifact_files(draw_model()))
    (tmp_path / "root" / "model").mkdir(parents=True)
    (tmp_path / "root" / "model" / PARAMETERS).symlink_to(outside / PARAMETERS)
    with pytest.raises(InputError, match="leads out of the model folder"):
        load_model(tmp_path / "root")


def test_of_two_folders_with_models_none_is_chosen(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        write_files(tmp_path / name, artifact_files(draw_model()))
    with pytest.raises(InputError, match=r"^the model folder holds several models, in first, second\. Put one at the"):
        load_model(tmp_path)
