"""The commands and programs of the pages on work without AWS, typed in their order, print what the pages show."""

import os
import shutil
import subprocess
from doctest import ELLIPSIS, OutputChecker
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.contract.launch import IMAGE, TOP
from tests.contract.leftovers import remove_containers
from tests.page import DOCS, WITHOUT_AWS, run_script, split_page

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
    """Give the blocks under each heading of the pages."""
    sections: dict[str, Blocks] = {}
    for page in WITHOUT_AWS:
        for heading, language, text in split_page(DOCS / page):
            if language in ("sh", "python", "text"):
                sections.setdefault(heading, []).append((language, text))
    return sections


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that the pages may write into."""
    folder = tmp_path_factory.mktemp("local-page")
    for name in LINKED:
        (folder / name).symlink_to(TOP / name)
    shutil.copy(TOP / "docker-compose.yml", folder)
    return folder


@pytest.fixture(scope="module")
def examples(checkout: Path) -> list[Example]:
    """The pages without the containers, and without the snippet where its environment is not there."""
    if shutil.which("curl") is None and os.environ.get("REQUIRE_DOCKER") != "1":
        pytest.skip("curl is not installed, and the pages ask with it")
    sections = read_sections()
    del sections[IN_A_CONTAINER]
    if not SNIPPET.exists():
        del sections[BY_MXNET]
    return perform([block for section in sections.values() for block in section], checkout)


def perform(blocks: Blocks, folder: Path) -> list[Example]:
    """Type what is to be typed into one shell, and give what is shown beside what was printed."""
    python = ".venv/bin/python - <<'PROGRAM'\n{}PROGRAM\n"
    typed = [python.format(text) if language == "python" else text for language, text in blocks if language != "text"]
    printed = iter(run_script("".join(f"{text}echo '{END}'\n" for text in typed), folder).split(f"{END}\n"))
    examples, latest = [], ""
    for language, text in blocks:
        if language == "text":
            examples.append(Example(text, latest))
        else:
            latest = next(printed)
    return examples


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
