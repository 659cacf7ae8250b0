"""The native library: where there is a compiler it is built, and what is loaded is what the sources say."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from open_algorithms.learning.engine.native import build, library

pytestmark = pytest.mark.native


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources and of what was built from them, which is built and looked into instead."""
    folder = tmp_path / "native"
    shutil.copytree(build.FOLDER, folder)
    for module in (build, library):
        monkeypatch.setattr(module, "FOLDER", folder)
    library.find_library.cache_clear()
    return folder


@pytest.fixture
def bare(copy: Path) -> Path:
    """A copy of the sources alone."""
    for file in copy.glob("native-*.so"):
        file.unlink()
    return copy


@pytest.fixture(autouse=True)
def forget() -> object:
    """Look for the library anew after a test."""
    yield
    library.find_library.cache_clear()


def test_the_library_of_the_best_level_that_the_processor_has_is_loaded(copy: Path) -> None:
    assert {file.name for file in copy.glob("native-*")} == set(map(build.library_name, build.levels()))
    found = library.find_library()
    assert found is not None
    assert found.level == next(level for level in build.levels() if library.has_level(level))


def test_a_library_that_was_built_from_other_sources_is_not_loaded_and_goes_when_it_is_built_anew(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "OPTIONS", tuple("-O0" if word == "-O3" else word for word in build.OPTIONS))
    before = {file.name for file in copy.glob("native-*")}
    with (copy / "parts.c").open("a") as file:
        file.write("/* changed */\n")
    assert library.find_library() is None
    assert build.build(copy) == ""
    library.find_library.cache_clear()
    assert library.find_library() is not None
    assert not before & {file.name for file in copy.glob("native-*")}


@pytest.mark.processes
@pytest.mark.parametrize(("found", "status"), [("gcc", 0), ("no-such-compiler", 1)])
def test_the_program_ends_with_0_only_where_the_library_is_built(bare: Path, found: str, status: int) -> None:
    (bare / "build.py").write_text((bare / "build.py").read_text().replace('"gcc"', f'"{found}"').replace("-O3", "-O0"))
    ended = subprocess.run([sys.executable, bare / "build.py"], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr == "") == (status, not status)


def test_an_older_processor_gets_its_own_level_or_none(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = copy / "cpuinfo"
    monkeypatch.setattr(library, "CPU_FACTS", facts)
    loaded = []
    for flags in ("avx2 fma bmi1 bmi2 f16c movbe abm", "sse2"):
        facts.write_text(f"flags\t\t: {flags}\n")
        library.find_library.cache_clear()
        found = library.find_library()
        loaded.append(found and found.level)
    assert loaded == (["x86-64-v3", None] if "x86-64-v3" in build.levels() else [build.levels()[0]] * 2)


def test_a_library_that_cannot_be_loaded_is_none(copy: Path) -> None:
    for level in build.levels():
        (copy / build.library_name(level)).write_bytes(b"for another machine")
    assert library.find_library() is None


def test_without_a_compiler_it_is_said_and_nothing_is_left(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "COMPILER", "no-such-compiler")
    said = build.describe_lack(build.build(bare))
    assert said == (
        "The native library is not built: there is no no-such-compiler. Training will take several times as long."
    )
    assert [*bare.glob("native-*")] == []
    assert library.find_library() is None


def test_a_compiler_that_is_too_old_is_said_and_nothing_is_left(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "OPTIONS", (*build.OPTIONS, "--of-a-later-day"))
    assert "cannot compile it" in build.build(bare)
    assert [*bare.glob("native-*"), *bare.glob("tmp*")] == []
    assert build.describe_lack("") == ""


def test_the_compiler_has_nothing_to_warn_of() -> None:
    options = [*build.OPTIONS, "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-fsyntax-only"]
    for level in build.levels():
        files = [str(file) for file in build.sources() if file.suffix == ".c"]
        march = [f"-march={level}"] if level in build.X86_LEVELS else []
        subprocess.run([build.COMPILER, *options, *march, *files], check=True)
