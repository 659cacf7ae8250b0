"""Where tests live, and what they share."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.modules import ALGORITHMS, MODULES, TOP, algorithm_word, find_modules, named_tests, parse_module

TESTS = TOP / "tests"
TESTED = MODULES | find_modules("publishing")
LEARNING = "open_algorithms.learning"
FOR_MYPY = {f"{LEARNING}.{name}" for name in ("engine.expressions", "job.stop", "types.arrays")}  # of types alone
MOST_FILES = 3
OF_ALGORITHMS = [TESTS / "learning", *(TESTS / algorithm_word(package) for package in ALGORITHMS)]


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(parse_module(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def mirror(module: str) -> Path:
    """Return the file whose name says that it holds the tests of a module."""
    *folders, name = module.removeprefix("open_algorithms.").split(".")
    return TESTS.joinpath(*folders, f"test_{name}.py")


def find_homes(module: str) -> list[str]:
    """Return the files of a module's tests that its docstring names, or the one that its name says."""
    return named_tests(TESTED[module]) or [str(mirror(module).relative_to(TOP))]


def test_a_module_has_its_tests_under_its_name_or_says_where_they_are() -> None:
    homes = {module: find_homes(module) for module in TESTED.keys() - FOR_MYPY}
    lost = {module: [file for file in files if not (TOP / file).is_file()] for module, files in homes.items()}
    assert {module: files for module, files in lost.items() if files} == {}
    assert [file for files in homes.values() for file in files if not Path(file).name.startswith("test_")] == []
    assert {module: files for module, files in homes.items() if len(files) > MOST_FILES} == {}


def test_no_module_says_where_its_tests_are_that_lie_where_they_are_looked_for() -> None:
    assert [m for m in TESTED if named_tests(TESTED[m]) and (mirror(m).exists() or m in FOR_MYPY)] == []


def is_test(module: str) -> bool:
    """Return whether a module, or what is imported from it, belongs to pytest."""
    parts = module.split(".")
    return parts[0] == "tests" and any(part == "conftest" or part.startswith("test_") for part in parts)


def test_what_tests_share_lies_in_a_module_that_says_so() -> None:
    found = {path: [*filter(is_test, imported_modules(path))] for path in TESTS.rglob("*.py")}
    assert len(found) > 200
    assert {str(path.relative_to(TESTS)): names for path, names in found.items() if names} == {}


@pytest.mark.parametrize("folder", OF_ALGORITHMS, ids=lambda folder: folder.name)
def test_the_tests_of_an_algorithm_know_no_platform(folder: Path) -> None:
    found = {path: set(imported_modules(path)) for path in folder.rglob("*.py")}
    assert len(found) > 10
    assert [
        path.name for path, names in found.items() if any(name.split(".")[0] == "container" for name in names)
    ] == []
