"""The packages of an artifact: nothing in them is believed, followed, unpacked or inflated without bound."""

import gzip
import io
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest

from open_algorithms.learning.artifact.archives import (
    ADDITIONAL_FILE,
    MODULE_FILES,
    PARAMETERS_FILE,
    SYMBOL_FILE,
    Layout,
    ModelFiles,
    read_tar,
    read_zip,
)
from open_algorithms.learning.job.errors import InputError
from tests.learning.artifact.packages import pack_tar, pack_zip

WHOLE = {name: f"what {name} holds".encode() * 40 for name in MODULE_FILES.limits}
FILES = list(WHOLE.items())
ZIP = pack_zip(FILES)
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


def unpack_tar(content: bytes | bytearray) -> ModelFiles:
    return read_tar(BytesIO(content), MODULE_FILES)


def unpack_zip(content: bytes | bytearray) -> ModelFiles:
    return read_zip(BytesIO(content), MODULE_FILES)


@pytest.mark.parametrize("content", [b"not a package", gzip.compress(b"not a tar" * 99), ZIP])
def test_what_is_no_tar_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(InputError, match=r"^model\.tar\.gz cannot be read as a gzipped tar: "):
        unpack_tar(content)


@pytest.mark.parametrize("content", [b"", b"not a package", pack_tar([*FILES])])
def test_what_is_no_zip_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(InputError, match=r"^model_algo-1 cannot be read as a zip: "):
        unpack_zip(content)


@pytest.mark.parametrize(("unpack", "whole"), [(unpack_tar, pack_tar([*FILES])), (unpack_zip, ZIP)], ids=["tar", "zip"])
def test_a_package_cut_short_anywhere_is_refused(unpack: Callable[[bytes], ModelFiles], whole: bytes) -> None:
    assert unpack(whole) == WHOLE
    for size in range(1, len(whole)):
        with pytest.raises(InputError, match="cannot be read"):
            unpack(whole[:size])


def test_a_file_of_nothing_holds_nothing() -> None:
    assert unpack_tar(b"") == {}


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tars_of_every_format_are_read_whatever_else_they_hold(format: int) -> None:
    folder = tarfile.TarInfo("./")
    folder.type = tarfile.DIRTYPE
    touched = tarfile.TarInfo("./" + PARAMETERS_FILE)
    touched.mtime = 1.5
    others: Members = [
        ("code/" + "long" * 24 + "/inference.py", b"x" * 1000),
        ("._" + PARAMETERS_FILE, b"mac"),
        (folder, b""),
    ]
    files: Members = [*others, (touched, WHOLE[PARAMETERS_FILE]), *FILES[1:], ("manifest.json", b"{}")]
    assert unpack_tar(pack_tar(files, format)) == WHOLE


@pytest.mark.parametrize("prefix", ["../", "/", "a/", "../model/", "./../", "././"])
def test_files_elsewhere_than_at_the_top_are_not_the_models(
    tmp_path: Path, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoys = [(prefix + name, b"decoy") for name in WHOLE]
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert unpack_tar(pack_tar([*FILES, *decoys])) == WHOLE
    assert unpack_zip(pack_zip([*decoys, *FILES])) == WHOLE
    assert [*tmp_path.rglob("*")] == [tmp_path / "here"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_links_devices_pipes_and_folders_in_the_tar_are_not_files(
    tmp_path: Path, kind: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    member = tarfile.TarInfo(PARAMETERS_FILE)
    member.type, member.linkname = kind, "/etc/passwd"
    assert unpack_tar(pack_tar([(member, b""), *FILES[1:]])) == dict(FILES[1:])
    assert unpack_tar(pack_tar([(member, b""), *FILES])) == WHOLE
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_comes_twice_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"model.tar.gz holds {name} twice"):
        unpack_tar(pack_tar([*FILES, ("./" + name, WHOLE[name])]))
    with pytest.warns(UserWarning, match="Duplicate name"):
        package = pack_zip([*FILES, (name, WHOLE[name])])
    with pytest.raises(InputError, match=f"model_algo-1 holds {name} twice"):
        unpack_zip(package)


def test_names_that_are_not_utf_8_are_passed_over() -> None:
    assert unpack_tar(gzip.compress(header("odd\udcff", 0) + gzip.decompress(pack_tar([*FILES])))) == WHOLE


@pytest.mark.parametrize("size", [-512, -1, 4 << 30, (4 << 30) + 1, 1 << 62])
def test_a_member_that_announces_more_than_there_is_is_refused(size: int) -> None:
    package = gzip.compress(header(PARAMETERS_FILE, size) + b"\0" * MIB)
    with memory_below(8 * MIB), pytest.raises(InputError, match=r"model\.tar\.gz cannot be read"):
        unpack_tar(package)


@pytest.mark.parametrize(
    "kind", [tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE]
)
def test_what_is_passed_over_takes_no_memory(kind: bytes) -> None:
    size = 64 * MIB
    package = gzip.compress(header("zeros", size, kind) + bytes(size) + gzip.decompress(pack_tar([*FILES])))
    with memory_below(8 * MIB):
        assert unpack_tar(package) == WHOLE


@pytest.mark.parametrize("announced", [0, 1 << 40])
def test_a_tar_is_not_inflated_without_end(announced: int) -> None:
    small = Layout({PARAMETERS_FILE: 7 * MIB}, PARAMETERS_FILE)
    bomb = gzip.compress(header("zeros", announced) + bytes(64 * MIB))
    with (
        memory_below(8 * MIB),
        pytest.raises(InputError, match="too large: expected at most 16777216 bytes once inflated"),
    ):
        read_tar(BytesIO(bomb), small)


@pytest.mark.parametrize("name", [SYMBOL_FILE, ADDITIONAL_FILE])
def test_a_text_in_a_package_is_not_inflated_beyond_its_limit(name: str) -> None:
    bomb = [(name, bytes(64 * MIB))]
    packed, zipped = pack_tar([*bomb]), pack_zip(bomb, zipfile.ZIP_DEFLATED)
    with memory_below(40 * MIB), pytest.raises(InputError, match=rf"{name} in model\.tar\.gz is too large"):
        unpack_tar(packed)
    with memory_below(40 * MIB), pytest.raises(InputError, match=f"{name} in model_algo-1 is too large"):
        unpack_zip(zipped)


def test_too_many_members_are_refused() -> None:
    with pytest.raises(InputError, match="too many members: expected at most 4096"):
        unpack_tar(gzip.compress(header("x", 0) * 5000))


def test_a_flipped_bit_in_a_tar_is_found_by_its_checksum() -> None:
    packed = bytearray(pack_tar([*FILES]))
    packed[-6] ^= 1
    with pytest.raises(InputError, match="CRC check failed"):
        unpack_tar(packed)


def test_a_deflated_zip_is_read() -> None:
    assert unpack_zip(pack_zip(FILES, zipfile.ZIP_DEFLATED)) == WHOLE


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_compressed_otherwise_is_refused(method: int) -> None:
    with pytest.raises(InputError, match="another method than deflate"):
        unpack_zip(pack_zip(FILES, method))


def zip_announcing(size: int) -> bytes:
    """Return a zip of 64 MiB that says of them what it likes."""
    package = bytearray(pack_zip([(PARAMETERS_FILE, bytes(64 * MIB))], zipfile.ZIP_DEFLATED))
    entry = package.rindex(b"PK\x01\x02")
    package[entry + 24 : entry + 28] = struct.pack("<I", size)
    return bytes(package)


@pytest.mark.parametrize("announced", [0, 10])
def test_a_zip_that_announces_less_than_there_is_is_refused(announced: int) -> None:
    package = zip_announcing(announced)
    with memory_below(80 * MIB), pytest.raises(InputError, match="model_algo-1 cannot be read as a zip"):
        unpack_zip(package)


def test_what_a_zip_announces_takes_no_memory_only_what_there_is() -> None:
    package = zip_announcing(0xFFFFFFF0)
    with memory_below(80 * MIB):
        assert len(unpack_zip(package)[PARAMETERS_FILE]) == 64 * MIB


def test_an_encrypted_zip_is_refused() -> None:
    package = bytearray(ZIP)
    for mark, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        package[package.index(mark) + place] |= 1
    with pytest.raises(InputError, match=r"model_algo-1 cannot be read as a zip: .*encrypted"):
        unpack_zip(package)


def test_a_zips_table_of_contents_is_bounded() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(30):
            archive.writestr(f"{number}" + "x" * 60_000, b"")
    package = stream.getvalue()
    with memory_below(4 * MIB), pytest.raises(InputError, match="announces a table of"):
        unpack_zip(package)


@pytest.mark.parametrize("folder", ["model", "my model (2)", "größe"])
def test_a_model_one_folder_down_in_a_package_is_found(folder: str) -> None:
    code: Members = [("code/inference.py", b"x")]
    nested: list[tuple[str, bytes]] = [(f"{folder}/{name}", content) for name, content in FILES]
    assert unpack_tar(pack_tar([*code, *nested])) == WHOLE
    assert unpack_tar(pack_tar([*code, *((f"./{name}", content) for name, content in nested)])) == WHOLE
    assert unpack_tar(pack_tar([*code, (f"{folder}/model_algo-1", ZIP)])) == WHOLE
    assert unpack_zip(pack_zip([("code/inference.py", b"x"), *nested])) == WHOLE


@pytest.mark.parametrize("name", ["model.tar.gz", "model_algo-1"])
def test_of_two_models_one_folder_down_none_is_chosen(name: str) -> None:
    files = [(f"{folder}/{file}", content) for folder in ("old", "new") for file, content in FILES]
    with pytest.raises(InputError, match=rf"^{name} holds several models, in new, old\. Put one at the top\.$"):
        unpack_tar(pack_tar([*files])) if name == "model.tar.gz" else unpack_zip(pack_zip(files))


@pytest.mark.parametrize("prefix", ["../", "/", "./../", "a/b/", "..//", "/etc/", "a/../"])
def test_a_model_that_is_further_down_or_outside_is_none(prefix: str) -> None:
    files = [(prefix + name, content) for name, content in FILES]
    assert unpack_tar(pack_tar([*files])) == unpack_zip(pack_zip(files)) == {}


def test_links_one_folder_down_are_not_followed() -> None:
    member = tarfile.TarInfo(f"model/{PARAMETERS_FILE}")
    member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    files: Members = [(member, b""), *((f"model/{name}", content) for name, content in FILES[1:])]
    assert PARAMETERS_FILE not in unpack_tar(pack_tar(files))


def test_a_model_one_folder_down_takes_no_more_memory() -> None:
    nested = gzip.decompress(pack_tar([(f"model/{name}", content) for name, content in FILES]))
    package = gzip.compress(header("zeros", 64 * MIB) + bytes(64 * MIB) + nested)
    with memory_below(8 * MIB):
        assert unpack_tar(package) == WHOLE
