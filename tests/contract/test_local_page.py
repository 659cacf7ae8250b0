"""The commands and programs of docs/local.md, typed in the order of the page: what it shows is what they print."""

import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from doctest import ELLIPSIS, OutputChecker
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.contract.conftest import free_port
from tests.contract.launch import IMAGE, TOP
from tests.contract.leftovers import remove_containers
from tests.page import DOCS

LINKED = ("Makefile", "requirements", ".venv", "train", "serve", "container", "linear_learner", "examples")
IN_A_CONTAINER = "In a container"
BY_MXNET = "By MXNet itself"
SNIPPET = TOP / ".venv" / "snippet" / "bin" / "python"
END = "---- the end of a block ----"

Blocks = list[tuple[str, str]]  # language and text


class Example(NamedTuple):
    """What the page shows and what was printed."""

    shown: str
    printed: str


def read_sections() -> dict[str, Blocks]:
    """Give the blocks under each heading."""
    sections = re.split(r"^#+ ", (DOCS / "local.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    block = re.compile(r"^```(sh|python|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return {section.partition("\n")[0]: block.findall(section) for section in sections}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that the page may write into."""
    folder = tmp_path_factory.mktemp("local-page")
    for name in LINKED:
        (folder / name).symlink_to(TOP / name)
    shutil.copy(TOP / "docker-compose.yml", folder)
    return folder


@pytest.fixture(scope="module")
def examples(checkout: Path) -> list[Example]:
    """The page without its containers, and without the snippet where its environment is not there."""
    if shutil.which("curl") is None and os.environ.get("REQUIRE_DOCKER") != "1":
        pytest.skip("curl is not installed, and the page asks with it")
    sections = read_sections()
    del sections[IN_A_CONTAINER]
    if not SNIPPET.exists():
        del sections[BY_MXNET]
    return perform([block for section in sections.values() for block in section], checkout)


def perform(blocks: Blocks, folder: Path) -> list[Example]:
    """Type what is to be typed into one shell, and give what is shown beside what was printed."""
    python = ".venv/bin/python - <<'PROGRAM'\n{}PROGRAM\n"
    typed = [python.format(text) if language == "python" else text for language, text in blocks if language != "text"]
    printed = iter(run("".join(f"{text}echo '{END}'\n" for text in typed), folder).split(f"{END}\n"))
    examples, latest = [], ""
    for language, text in blocks:
        if language == "text":
            examples.append(Example(text, latest))
        else:
            latest = next(printed)
    return examples


def run(script: str, folder: Path) -> str:
    """Run a script on a free port, end what it leaves running and give what it printed."""
    port = str(free_port())
    outer = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    with subprocess.Popen(
        ["bash", "-euc", re.sub("8080(:8080)?", rf"{port}\1", script)],
        cwd=folder,
        env={**outer, "SAGEMAKER_BIND_TO_PORT": port, "PORT": port, "IMAGE": IMAGE},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as shell:
        try:
            printed, complaints = shell.communicate(timeout=240)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
    assert shell.returncode == 0, printed[-4000:] + complaints
    return printed


def assert_as_shown(examples: list[Example]) -> None:
    """Compare; `…` on the page stands for anything."""
    assert examples
    for shown, printed in examples:
        assert OutputChecker().check_output(shown.replace("…", "..."), printed, ELLIPSIS), f"{shown}\n{printed}"


def test_the_commands_and_programs_print_what_the_page_shows(examples: list[Example]) -> None:
    assert_as_shown(examples)


@pytest.mark.usefixtures("image", "examples")
def test_those_in_a_container_too(checkout: Path) -> None:
    compose_2 = subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
    compose = "docker compose" if compose_2 else "docker-compose"
    names = {"make image\n": "", "docker-compose": compose, "open-linear-learner:dev": IMAGE}
    blocks = read_sections()[IN_A_CONTAINER]
    for name, ours in names.items():
        blocks = [(language, text.replace(name, ours)) for language, text in blocks]
    try:
        assert_as_shown(perform(blocks, checkout))
    finally:
        remove_containers(checkout)
