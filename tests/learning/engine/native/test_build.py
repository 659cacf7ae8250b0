"""The native library: where there is a compiler it is built, and what is loaded is what the sources say."""

import shutil
import subprocess
from pathlib import Path

import pytest

from open_algorithms.learning.engine.native import build, library

pytestmark = pytest.mark.native


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources, which is built and looked into instead."""
    folder = tmp_path / "native"
    shutil.copytree(build.FOLDER, folder, ignore=shutil.ignore_patterns("native-*.so"))
    for module in (build, library):
        monkeypatch.setattr(module, "FOLDER", folder)
    library.find_library.cache_clear()
    return folder


@pytest.fixture(autouse=True)
def forget() -> object:
    """Look for the library anew after a test."""
    yield
    library.find_library.cache_clear()


def test_the_library_of_the_best_level_that_the_processor_has_is_loaded(copy: Path) -> None:
    build.build(copy)
    assert {file.name for file in copy.glob("native-*")} == set(map(build.library_name, build.levels()))
    found = library.find_library()
    assert found is not None
    assert found.level == next(level for level in build.levels() if library.has_level(level))


def test_a_library_that_was_built_from_other_sources_is_not_loaded_and_goes_when_it_is_built_anew(copy: Path) -> None:
    build.build(copy)
    before = {file.name for file in copy.glob("native-*")}
    with (copy / "parts.c").open("a") as file:
        file.write("/* changed */\n")
    assert library.find_library() is None
    build.build(copy)
    library.find_library.cache_clear()
    assert library.find_library() is not None
    assert not before & {file.name for file in copy.glob("native-*")}


def test_an_older_processor_gets_its_own_level_or_none(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build.build(copy)
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


def test_without_a_compiler_it_is_said_and_nothing_is_left(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "COMPILER", "no-such-compiler")
    build.build(copy)
    assert "no no-such-compiler" in capsys.readouterr().out
    assert [*copy.glob("native-*")] == []
    assert library.find_library() is None


def test_the_compiler_has_nothing_to_warn_of() -> None:
    options = [*build.OPTIONS, "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-o", "/dev/null"]
    for level in build.levels():
        files = [str(file) for file in build.sources() if file.suffix == ".c"]
        march = [f"-march={level}"] if level in build.X86_LEVELS else []
        subprocess.run([build.COMPILER, *options, *march, *files], check=True)
