"""The session of docs/python.md, typed in the order of the page: what it shows is what it prints."""

import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.contract.shell import END, Example, assert_as_shown
from tests.needs import TOP
from tests.page import DOCS, Block, run_script, split_page

pytestmark = pytest.mark.processes

BLOCKS = [*split_page(DOCS / "python.md")]


def type_session(folder: Path) -> dict[Block, str]:
    """Type the programs into one process and the commands after it, and return what each printed."""
    programs, commands = ([block for block in BLOCKS if block.language == language] for language in ("python", "sh"))
    session = "".join(f"{block.text}\nprint('{END}')\n" for block in programs)
    typed = [f"python - <<'PROGRAM'\n{session}PROGRAM\n", *(f"{block.text}echo '{END}'\n" for block in commands)]
    printed = run_script("".join(typed), folder).split(f"{END}\n")
    return dict(zip([*programs, *commands], printed, strict=False))


@pytest.mark.curl
def test_the_session_prints_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    for name, words in {"python": "", "linear_learner": " -m open_algorithms.commands"}.items():
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{TOP}" exec "{sys.executable}" -W error{words} "$@"\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    printed = type_session(tmp_path)
    shown = [Example(after.text, printed[block]) for block, after in pairwise(BLOCKS) if after.language == "text"]
    assert len(shown) == sum(block.language == "text" for block in BLOCKS) > 5
    assert_as_shown(shown)
