"""Write the tables of modules on the pages of docs/rooms, each module with the first line of its docstring.

Tests: tests/docs/test_rooms.py.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
PAGES = TOP / "docs" / "rooms"
BEGIN, END = "<!-- modules of {} -->\n", "<!-- end -->"


def summary_line(file: Path) -> str:
    """Return the first line of a module's docstring, "" where it has none."""
    return (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def folder_lines(folder: Path) -> Iterator[str]:
    """Yield the modules of a folder as lines of Markdown, its own before those of the folders in it."""
    modules = sorted(path for path in folder.glob("*.py") if not path.stem.startswith("__") and not is_generated(path))
    if modules:
        yield f"**`{folder.relative_to(TOP)}/`** {summary_line(folder / '__init__.py')}\n"
        yield "| module | |\n|---|---|"
        yield from (f"| `{path.stem}` | {summary_line(path)} |" for path in modules)
        yield ""
    for inner in sorted(path for path in folder.iterdir() if path.is_dir() and any(path.glob("*.py"))):
        yield from folder_lines(inner)


def is_generated(path: Path) -> bool:
    """Return whether a module was made by protobuf's compiler."""
    return path.stem.endswith("_pb2")


def fill_tables(page: str) -> str:
    """Return a page with the tables between its marks written anew."""
    parts = re.split(r"<!-- modules of (\S+) -->\n.*?<!-- end -->", page, flags=re.DOTALL)
    filled = parts[0]
    for folder, after in zip(parts[1::2], parts[2::2], strict=True):
        filled += BEGIN.format(folder) + "\n".join(folder_lines(TOP / folder)) + END + after
    return filled


if __name__ == "__main__":
    for file in sorted(PAGES.glob("*.md")) if len(sys.argv) < 2 else map(Path, sys.argv[1:]):
        file.write_text(fill_tables(file.read_text(encoding="utf-8")), encoding="utf-8")
