"""The commands and programs of pages, typed in the order of the page: what it shows is what they print."""

import re
import sys
from pathlib import Path

import pytest

from tests.contract.shell import assert_as_shown, type_blocks
from tests.needs import TOP
from tests.page import DOCS

pytestmark = pytest.mark.processes

COMMANDS = f'PYTHONPATH="{TOP}" exec "{sys.executable}" -m open_algorithms.commands "$@"'
PROGRAMS = {
    "factorization_machines": f"export ALGORITHM=factorization_machines\n{COMMANDS}",
    "python": f'PYTHONPATH="{TOP}" exec "{sys.executable}" "$@"',
    "linear_learner": COMMANDS,
    "k_means": f"export ALGORITHM=k_means\n{COMMANDS}",
    "pca": f"export ALGORITHM=pca\n{COMMANDS}",
}


@pytest.mark.curl
@pytest.mark.parametrize("page", ["commands.md", "factorization_machines.md", "k_means.md", "pca.md", "recommend.md"])
def test_the_commands_print_what_the_page_shows(page: str, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(TOP / "examples")
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, text in PROGRAMS.items():
        program = programs / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    text = (DOCS / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```(sh|python|text)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert_as_shown(type_blocks([("sh", "exec 2>&1\n"), *blocks], tmp_path))
