"""The files of a model of arrays are found wherever people keep them."""

import shutil
from pathlib import Path

import pytest

from open_algorithms.learning.artifact.archives import ARRAY_FILES, NETWORK_FILES
from open_algorithms.learning.artifact.finding import find_files
from open_algorithms.learning.job.errors import InputError
from tests.learning.artifact.packages import pack_tar, pack_zip

FILES: list[tuple[str, bytes]] = [
    ("model_algo-1", b"the arrays"),
    ("state_7e93", b"what older images leave beside them"),
    ("additional-params.json", b"{}"),
]
FOUND = {"model_algo-1": bytearray(b"the arrays"), "additional-params.json": bytearray(b"{}")}


def write_loose(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in FILES:
        (folder / name).write_bytes(content)
    return folder


def test_files_are_found_in_a_folder_one_folder_down_and_in_an_archive(tmp_path: Path) -> None:
    assert find_files(write_loose(tmp_path / "loose"), ARRAY_FILES) == (FOUND, "the model folder")
    (tmp_path / "outer").mkdir()
    write_loose(tmp_path / "outer" / "inner")
    assert find_files(tmp_path / "outer", ARRAY_FILES) == (FOUND, "the folder inner in the model folder")
    for members in (FILES, [(f"./{name}", content) for name, content in FILES], [(f"m/{n}", c) for n, c in FILES]):
        archive = tmp_path / "model.tar.gz"
        archive.write_bytes(pack_tar([*members]))
        assert find_files(archive, ARRAY_FILES) == (FOUND, "model.tar.gz")


def test_the_file_of_arrays_is_a_model_by_itself(tmp_path: Path) -> None:
    (tmp_path / "census_model").write_bytes(b"the arrays")
    assert find_files(tmp_path / "census_model", ARRAY_FILES) == (
        {"model_algo-1": bytearray(b"the arrays")},
        "census_model",
    )


def test_a_file_larger_than_there_is_memory_for_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "model_algo-1").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(MemoryError, match="model_algo-1 is larger than 1048576 bytes"):
        find_files(tmp_path, ARRAY_FILES, 1 << 20)


def test_where_there_is_none_it_is_said_what_was_looked_for(tmp_path: Path) -> None:
    shutil.copyfile(__file__, tmp_path / "other")
    with pytest.raises(InputError, match=r"expected model_algo-1 or model\.tar\.gz in the model folder"):
        find_files(tmp_path, ARRAY_FILES)


NETWORK: list[tuple[str, bytes]] = [("symbol.json", b"graph"), ("params", b"the arrays"), ("meta.json", b"{}")]


@pytest.mark.parametrize("has_own", [False, True])
def test_what_lies_beside_the_zip_is_found_and_what_the_zip_holds_of_that_name_is_not(
    has_own: bool, tmp_path: Path
) -> None:
    zipped = pack_zip([*NETWORK, ("additional-params.json", b"in the zip")])
    files = [("model_algo-1", zipped), *([("additional-params.json", b"ours")] if has_own else [])]
    expected = {name: bytearray(content) for name, content in [*NETWORK, *files[1:]]}
    for name, content in files:
        (tmp_path / name).write_bytes(content)
    assert find_files(tmp_path, NETWORK_FILES) == (expected, "model_algo-1")
    for members in (files, files[::-1]):
        (tmp_path / "packed.tar.gz").write_bytes(pack_tar([*members]))
        assert find_files(tmp_path / "packed.tar.gz", NETWORK_FILES) == (expected, "packed.tar.gz")


def test_loose_files_come_before_the_zip_of_a_network(tmp_path: Path) -> None:
    for name, content in [*NETWORK, ("model_algo-1", pack_zip([("params", b"others")]))]:
        (tmp_path / name).write_bytes(content)
    assert find_files(tmp_path, NETWORK_FILES)[0] == {name: bytearray(content) for name, content in NETWORK}
