"""The commands and programs of docs/commands.md, typed in the order of the page: what it shows is what they print."""

import re
import sys
from pathlib import Path

import pytest

from tests.contract.shell import assert_as_shown, type_blocks
from tests.needs import TOP
from tests.page import DOCS

pytestmark = pytest.mark.processes


@pytest.mark.curl
def test_the_commands_print_what_the_page_shows(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(TOP / "examples")
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, words in {"python": "", "linear_learner": " -m open_algorithms.commands"}.items():
        program = programs / name
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{TOP}" exec "{sys.executable}"{words} "$@"\n')
        program.chmod(0o755)
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(sh|python|text)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert_as_shown(type_blocks([("sh", "exec 2>&1\n"), *blocks], tmp_path))
