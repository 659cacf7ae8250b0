"""Our modules, but for what a compiler wrote."""

import ast
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
ALGORITHMS = ("linear_learner",)


def name_module(path: Path) -> str:
    """Return the name by which a module is imported."""
    return ".".join(path.relative_to(TOP).with_suffix("").parts)


def find_modules(*packages: str) -> dict[str, Path]:
    """Return the modules of the packages by their names."""
    paths = [path for package in packages for path in (TOP / package).rglob("*.py")]
    return {name_module(path): path for path in paths if path.name != "__init__.py" and not path.stem.endswith("_pb2")}


MODULES = find_modules("container", *ALGORITHMS, "open_algorithms")


def parse_module(path: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"))
