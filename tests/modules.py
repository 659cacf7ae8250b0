"""Our modules, but for what a compiler wrote."""

import ast
import re
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
PACKAGES = ("container", "linear_learner", "open_algorithms")


def name_module(path: Path) -> str:
    """Return the name by which a module is imported."""
    return ".".join(path.relative_to(TOP).with_suffix("").parts)


def find_algorithms() -> tuple[str, ...]:
    """Return the packages of the algorithms, by what an algorithm is: a package with a card."""
    cards = [path for place in (TOP, TOP / "open_algorithms") for path in place.glob("*/card.py")]
    return tuple(sorted(name_module(path).rpartition(".")[0] for path in cards))


def algorithm_word(package: str) -> str:
    """Return the word by which ALGORITHM names the algorithm of a package."""
    return package.rpartition(".")[2]


def find_modules(*packages: str) -> dict[str, Path]:
    """Return the modules of the packages by their names."""
    paths = [path for package in packages for path in (TOP / package).rglob("*.py")]
    return {name_module(path): path for path in paths if path.name != "__init__.py" and not path.stem.endswith("_pb2")}


def parse_module(path: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"))


def named_tests(path: Path) -> list[str]:
    """Return the files that the end of a module's docstring names as those of its tests."""
    found = re.search(r"\n\nTests: (.+)\.\Z", ast.get_docstring(parse_module(path)) or "", re.DOTALL)
    return [] if found is None else re.split(r",\s+", found[1])


def leave_out_tests(text: str) -> str:
    """Return the text of a module without that end."""
    return re.sub(r"\n\nTests: [^\"]+(?=\"\"\")", "", text, count=1)


ALGORITHMS = find_algorithms()
MODULES = find_modules(*PACKAGES)
