"""The packages of an artifact: nothing in them is believed, followed, unpacked or inflated without bound."""

import gzip
import io
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from linear_learner.artifact.read import load_model
from open_algorithms.learning.job.errors import InputError
from tests.linear_learner.artifacts import (
    ADDITIONAL,
    NAMES,
    PARAMETERS,
    SYMBOL,
    artifact_files,
    assert_same_model,
    draw_model,
    pack_tar,
    pack_zip,
    write_files,
)

MODEL = draw_model()
WHOLE = artifact_files(MODEL)
FILES = [(name, WHOLE[name]) for name in NAMES]
Members = list[tuple[str | tarfile.TarInfo, bytes]]
MIB = 1 << 20


@contextmanager
def memory_below(limit: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """Return a tar's header that announces what it likes."""
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return member.tobuf(tarfile.GNU_FORMAT)


def load_tar(directory: Path, files: Members) -> object:
    return load_model(write_files(directory, {"model.tar.gz": pack_tar(files)}))


@pytest.mark.parametrize("name", ["model.tar.gz", "model_algo-1"])
@pytest.mark.parametrize("content", [b"", b"not a package", gzip.compress(b"not a tar" * 99), pack_zip([])[:-1]])
def test_a_broken_package_is_refused_by_name(tmp_path: Path, name: str, content: bytes) -> None:
    write_files(tmp_path, {name: content})
    with pytest.raises(InputError, match=f"{name} cannot be read|{name} lacks"):
        load_model(tmp_path)


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tars_of_every_format_are_read_whatever_else_they_hold(tmp_path: Path, format: int) -> None:
    folder = tarfile.TarInfo("./")
    folder.type = tarfile.DIRTYPE
    touched = tarfile.TarInfo("./" + PARAMETERS)
    touched.mtime = 1.5
    others: Members = [
        ("code/" + "long" * 24 + "/inference.py", b"x" * 1000),
        ("._" + PARAMETERS, b"mac"),
        (folder, b""),
    ]
    files: Members = [*others, (touched, WHOLE[PARAMETERS]), *FILES[1:], ("manifest.json", b"{}")]
    write_files(tmp_path, {"model.tar.gz": pack_tar(files, format)})
    assert_same_model(load_model(tmp_path), MODEL)


@pytest.mark.parametrize("prefix", ["../", "/", "a/", "../model/", "./../", "././"])
def test_files_elsewhere_than_at_the_top_are_not_the_models(tmp_path: Path, prefix: str) -> None:
    decoys = [(prefix + name, b"decoy") for name in NAMES]
    write_files(tmp_path, {"model.tar.gz": pack_tar([*FILES, *decoys])})
    assert_same_model(load_model(tmp_path), MODEL)
    write_files(tmp_path, {"model_algo-1": pack_zip([*decoys, *FILES])})
    (tmp_path / "model.tar.gz").unlink()
    assert_same_model(load_model(tmp_path), MODEL)
    assert [path.name for path in tmp_path.iterdir()] == ["model_algo-1"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_links_devices_pipes_and_folders_in_the_tar_are_not_files(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo(PARAMETERS)
    member.type, member.linkname = kind, "/etc/passwd"
    with pytest.raises(InputError, match=f"model.tar.gz lacks {PARAMETERS}"):
        load_tar(tmp_path, [(member, b""), *FILES[1:]])
    assert [path.name for path in tmp_path.iterdir()] == ["model.tar.gz"]
    load_tar(tmp_path, [(member, b""), *FILES])


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_comes_twice_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"model.tar.gz holds {name} twice"):
        load_tar(tmp_path, [*FILES, ("./" + name, WHOLE[name])])
    (tmp_path / "model.tar.gz").unlink()
    with pytest.warns(UserWarning, match="Duplicate name"):
        package = pack_zip([*FILES, (name, WHOLE[name])])
    with pytest.raises(InputError, match=f"model_algo-1 holds {name} twice"):
        load_model(write_files(tmp_path, {"model_algo-1": package}))


def test_names_that_are_not_utf_8_are_passed_over(tmp_path: Path) -> None:
    odd = gzip.compress(header("odd\udcff", 0) + gzip.decompress(pack_tar([*FILES])))
    assert_same_model(load_model(write_files(tmp_path, {"model.tar.gz": odd})), MODEL)


@pytest.mark.parametrize("size", [-512, -1, 4 << 30, (4 << 30) + 1, 1 << 62])
def test_a_member_that_announces_more_than_there_is_is_refused(tmp_path: Path, size: int) -> None:
    write_files(tmp_path, {"model.tar.gz": gzip.compress(header(PARAMETERS, size) + b"\0" * MIB)})
    with memory_below(8 * MIB), pytest.raises(InputError, match=r"model\.tar\.gz cannot be read"):
        load_model(tmp_path)


@pytest.mark.parametrize(
    "kind", [tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE]
)
def test_what_is_passed_over_takes_no_memory(tmp_path: Path, kind: bytes) -> None:
    size = 64 * MIB
    rest = gzip.decompress(pack_tar([*FILES]))
    write_files(tmp_path, {"model.tar.gz": gzip.compress(header("zeros", size, kind) + bytes(size) + rest)})
    with memory_below(8 * MIB):
        assert_same_model(load_model(tmp_path), MODEL)


@pytest.mark.parametrize("announced", [0, 1 << 40])
def test_a_tar_is_not_inflated_without_end(tmp_path: Path, announced: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("open_algorithms.learning.artifact.archives.LARGEST_TAR", 16 * MIB)
    bomb = header("zeros", announced) + bytes(64 * MIB)
    write_files(tmp_path, {"model.tar.gz": gzip.compress(bomb)})
    with (
        memory_below(8 * MIB),
        pytest.raises(InputError, match="too large: expected at most 16777216 bytes once inflated"),
    ):
        load_model(tmp_path)


@pytest.mark.parametrize("name", [SYMBOL, ADDITIONAL])
def test_a_text_in_a_package_is_not_inflated_beyond_its_limit(tmp_path: Path, name: str) -> None:
    bomb = [(name, bytes(64 * MIB))]
    write_files(tmp_path, {"model.tar.gz": pack_tar([*bomb])})
    with memory_below(40 * MIB), pytest.raises(InputError, match=rf"{name} in model\.tar\.gz is too large"):
        load_model(tmp_path)
    (tmp_path / "model.tar.gz").unlink()
    write_files(tmp_path, {"model_algo-1": pack_zip(bomb, zipfile.ZIP_DEFLATED)})
    with memory_below(40 * MIB), pytest.raises(InputError, match=f"{name} in model_algo-1 is too large"):
        load_model(tmp_path)


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    write_files(tmp_path, {"model.tar.gz": gzip.compress(header("x", 0) * 5000)})
    with pytest.raises(InputError, match="too many members: expected at most 4096"):
        load_model(tmp_path)


def test_a_flipped_bit_in_a_tar_is_found_by_its_checksum(tmp_path: Path) -> None:
    packed = bytearray(pack_tar([*FILES]))
    packed[-6] ^= 1
    with pytest.raises(InputError, match="CRC check failed"):
        load_model(write_files(tmp_path, {"model.tar.gz": bytes(packed)}))


def test_a_deflated_zip_is_read(tmp_path: Path) -> None:
    assert_same_model(load_model(write_files(tmp_path, {"model_algo-1": pack_zip(FILES, zipfile.ZIP_DEFLATED)})), MODEL)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_compressed_otherwise_is_refused(tmp_path: Path, method: int) -> None:
    write_files(tmp_path, {"model_algo-1": pack_zip(FILES, method)})
    with pytest.raises(InputError, match="another method than deflate"):
        load_model(tmp_path)


@pytest.mark.parametrize("announced", [0, 10, 0xFFFFFFF0])
def test_a_zip_that_lies_about_a_size_is_refused(tmp_path: Path, announced: int) -> None:
    package = bytearray(pack_zip([(PARAMETERS, bytes(64 * MIB))], zipfile.ZIP_DEFLATED))
    entry = package.rindex(b"PK\x01\x02")
    package[entry + 24 : entry + 28] = struct.pack("<I", announced)
    write_files(tmp_path, {"model_algo-1": bytes(package)})
    with memory_below(80 * MIB), pytest.raises(InputError, match=r"model_algo-1 cannot be read as a zip|lacks"):
        load_model(tmp_path)


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    package = bytearray(pack_zip(FILES))
    for mark, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        package[package.index(mark) + place] |= 1
    with pytest.raises(InputError, match=r"model_algo-1 cannot be read as a zip: .*encrypted"):
        load_model(write_files(tmp_path, {"model_algo-1": bytes(package)}))


def test_a_zips_table_of_contents_is_bounded(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(30):
            archive.writestr(f"{number}" + "x" * 60_000, b"")
    write_files(tmp_path, {"model_algo-1": stream.getvalue()})
    with memory_below(4 * MIB), pytest.raises(InputError, match="announces a table of"):
        load_model(tmp_path)


def test_a_model_that_there_is_no_room_for_is_told_before_it_is_held(tmp_path: Path) -> None:
    for name, content in artifact_files(MODEL).items():
        (tmp_path / name).write_bytes(content)
    size = (tmp_path / PARAMETERS).stat().st_size
    with pytest.raises(MemoryError, match=f"mx-mod-0000.params is larger than {size - 1} bytes"):
        load_model(tmp_path, size - 1)


@pytest.mark.parametrize("folder", ["model", "my model (2)", "größe"])
def test_a_model_one_folder_down_in_a_package_is_found(tmp_path: Path, folder: str) -> None:
    code: Members = [("code/inference.py", b"x")]
    nested: list[tuple[str, bytes]] = [(f"{folder}/{name}", content) for name, content in FILES]
    packages = {
        "tar": {"model.tar.gz": pack_tar([*code, *nested])},
        "with a dot": {"model.tar.gz": pack_tar([*code, *((f"./{name}", content) for name, content in nested)])},
        "zip in tar": {"model.tar.gz": pack_tar([*code, (f"{folder}/model_algo-1", WHOLE["model_algo-1"])])},
        "zip": {"model_algo-1": pack_zip([("code/inference.py", b"x"), *nested])},
    }
    for name, package in packages.items():
        (tmp_path / name).mkdir()
        assert_same_model(load_model(write_files(tmp_path / name, package)), MODEL)


@pytest.mark.parametrize("name", ["model.tar.gz", "model_algo-1"])
def test_of_two_models_one_folder_down_none_is_chosen(tmp_path: Path, name: str) -> None:
    files = [(f"{folder}/{file}", content) for folder in ("old", "new") for file, content in FILES]
    write_files(tmp_path, {name: pack_tar([*files]) if name == "model.tar.gz" else pack_zip(files)})
    with pytest.raises(InputError, match=rf"^{name} holds several models, in new, old\. Put one at the top\.$"):
        load_model(tmp_path)


@pytest.mark.parametrize("prefix", ["../", "/", "./../", "a/b/", "..//", "/etc/", "a/../"])
def test_a_model_that_is_further_down_or_outside_is_none(tmp_path: Path, prefix: str) -> None:
    files = [(prefix + name, content) for name, content in FILES]
    for name, package in (("model.tar.gz", pack_tar([*files])), ("model_algo-1", pack_zip(files))):
        (tmp_path / name).mkdir()
        with pytest.raises(InputError, match=f"{name} lacks {PARAMETERS}"):
            load_model(write_files(tmp_path / name, {name: package}))


def test_links_one_folder_down_are_not_followed(tmp_path: Path) -> None:
    member = tarfile.TarInfo(f"model/{PARAMETERS}")
    member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    files: Members = [(member, b""), *((f"model/{name}", WHOLE[name]) for name in NAMES[1:])]
    with pytest.raises(InputError, match=f"model.tar.gz lacks {PARAMETERS}"):
        load_tar(tmp_path, files)


def test_a_model_one_folder_down_takes_no_more_memory(tmp_path: Path) -> None:
    zeros = gzip.decompress(pack_tar([(f"model/{name}", content) for name, content in FILES]))
    write_files(tmp_path, {"model.tar.gz": gzip.compress(header("zeros", 64 * MIB) + bytes(64 * MIB) + zeros)})
    with memory_below(8 * MIB):
        assert_same_model(load_model(tmp_path), MODEL)
