"""Every command of a page is typed as printed: here, or by a test that names its heading; or it is said why not.

What stands in `sh` is for tests and people to type, what stands in `bash` for people alone.
"""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

import pytest

from tests.contract.leftovers import remove_containers
from tests.needs import IMAGE
from tests.page import DOCS, GUIDE, TOP, WITHOUT_AWS, list_pages, run_script, split_page
from tests.typed import SHELL, SPARED, type_block

pytestmark = pytest.mark.processes

# A test of their own types all that they have in these languages.
OF_COMMANDS = ("commands.md", "factorization_machines.md", "k_means.md", "pca.md", "recommend.md")
WHOLE = dict.fromkeys((*OF_COMMANDS, *WITHOUT_AWS), ("sh", "python")) | {
    "mnist.md": ("python",),
    "mnist_python.md": ("python",),
    "python.md": ("python", "sh"),
}

# What is for people alone, by its heading, and why.
BY_HAND = {
    "A whole file": "makes a file of 422 MB and takes its time",
    "Clean up": "removes what the reader has made",
    "Install": "asks the index of packages for what is not there yet",
    "What it weighs": "weighs the image",
    "How fast it starts": "takes the time of a start",
    "In a container": "builds the image of another algorithm",
}

BLOCKS = [(page, block) for page in list_pages() for block in split_page(page)]
TYPED = [(page, block) for page, block in BLOCKS if block.language == "sh" and page.name not in {*WHOLE, *GUIDE}]


def find_spans(page: Path) -> Iterator[str]:
    """Give what a page has as code in its sentences and tables."""
    prose = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for span in re.findall(r"`([^`]+)`", prose):
        yield " ".join(span.removeprefix(".ci/with-engine ").split())


def find_make() -> list[list[str]]:
    """Give the words of each command of make, wherever a page has it."""
    lines = [line for _, block in BLOCKS if block.language in ("sh", "bash") for line in block.text.splitlines()]
    spans = [span for page in list_pages() for span in find_spans(page)]
    commands = [re.split("[#|>]", line)[0].split() for line in [*lines, *spans]]
    return sorted(command for command, _ in groupby(sorted(c for c in commands if c[:1] == ["make"])))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy that commands may write into, but for the environments."""
    made = (".*_cache", ".hypothesis", "__pycache__", "build", "dist", "*.egg-info")  # while it is copied, perhaps
    ignored = shutil.ignore_patterns(".git", ".venv", "opt_ml", "*.cdx.json", *made)
    folder = shutil.copytree(TOP, tmp_path / "checkout", ignore=ignored)
    (folder / ".venv").symlink_to(TOP / ".venv")
    return folder


@pytest.mark.parametrize("page", sorted({page for page, _ in TYPED}), ids=lambda page: page.name)
def test_the_commands_of_a_page_do_what_they_are_there_for(page: Path, checkout: Path) -> None:
    blocks = [block.text for where, block in TYPED if where == page and "docker" not in block.text]
    run_script(SHELL + "".join(map(type_block, blocks)), checkout)


@pytest.mark.image
def test_those_that_need_docker_too(checkout: Path) -> None:
    blocks = [block.text.replace("open-linear-learner:dev", IMAGE) for _, block in TYPED if "docker" in block.text]
    assert blocks
    try:
        run_script(SHELL + "".join(map(type_block, blocks)), checkout)
    finally:
        remove_containers(checkout)


def test_those_in_sentences_and_tables_too(checkout: Path) -> None:
    spans = [span for page in list_pages() for span in find_spans(page) if re.match("make( [^…]+)?$", span)]
    in_blocks = {re.split(" +#", line)[0] for _, block in TYPED for line in block.text.splitlines()}
    run_script(SHELL + "".join(type_block(span) for span in dict.fromkeys(spans) if span not in in_blocks), checkout)


@pytest.mark.parametrize("command", find_make(), ids=" ".join)
def test_make_knows_every_target_that_a_page_names(command: list[str]) -> None:
    looked_up = subprocess.run(["make", "--dry-run", *command[1:]], cwd=TOP, capture_output=True, text=True)
    assert looked_up.returncode == 0, looked_up.stderr


@pytest.mark.parametrize(
    "module",
    sorted({name for page in list_pages() for name in re.findall(r"python -m ([\w.]+)", page.read_text("utf-8"))}),
)
def test_every_program_that_a_page_names_is_there(module: str) -> None:
    assert find_spec(module)


def test_every_block_is_typed_by_a_test_or_it_is_said_why_not() -> None:
    named = set()
    for file in (TOP / "tests").rglob("*.py"):
        tree = ast.parse(text := file.read_text(encoding="utf-8"))
        if "tests.page" in text or file.name == "page.py":
            named |= {
                node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and file != Path(__file__)
            }
    left = []
    for page, block in BLOCKS:
        languages = WHOLE.get(page.name, ())
        by_hand = block.language == "bash" and block.heading in BY_HAND
        if not ((page, block) in TYPED or block.language in (*languages, "text") or block.heading in named or by_hand):
            left.append(f"{page.relative_to(TOP)}, {block.heading}: {block.text}")
    assert left == []


def test_nothing_is_excused_that_no_page_has() -> None:
    assert BY_HAND.keys() <= {block.heading for _, block in BLOCKS if block.language == "bash"}
    assert SPARED.keys() <= {word for command in find_make() for word in command}
    assert all((DOCS / page).exists() for page in (*WHOLE, *GUIDE))
