"""Where tests live, and what they share."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.modules import ALGORITHMS, TOP, parse_module

TESTS = TOP / "tests"
OF_ALGORITHMS = [TESTS / "learning", *(TESTS / algorithm for algorithm in ALGORITHMS)]


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(parse_module(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_what_tests_share_lies_in_a_module_that_says_so(path: Path) -> None:
    parts = [part for module in imported_modules(path) if module.startswith("tests.") for part in module.split(".")]
    assert not [part for part in parts if part == "conftest" or part.startswith("test_")]


@pytest.mark.parametrize("folder", OF_ALGORITHMS, ids=lambda folder: folder.name)
def test_the_tests_of_an_algorithm_know_no_platform(folder: Path) -> None:
    found = {path: set(imported_modules(path)) for path in folder.rglob("*.py")}
    assert len(found) > 10
    assert not [path.name for path, modules in found.items() if any(m.split(".")[0] == "container" for m in modules)]
