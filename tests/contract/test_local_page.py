"""The commands and programs of the pages on work without AWS, typed in their order, print what the pages show."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.contract.leftovers import remove_containers
from tests.contract.shell import Blocks, Example, assert_as_shown, type_blocks
from tests.needs import CHECKOUT, IMAGE, TOP, snippet_problem
from tests.page import DOCS, WITHOUT_AWS, split_page

pytestmark = pytest.mark.processes

LINKED = ("Makefile", "requirements", ".venv", "train", "serve", "container", "linear_learner", "examples")
IN_A_CONTAINER = "In a container"
BY_MXNET = "By MXNet itself"


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
    folder = tmp_path_factory.mktemp(f"pages-{CHECKOUT}-")
    for name in LINKED:
        (folder / name).symlink_to(TOP / name)
    shutil.copy(TOP / "docker-compose.yml", folder)
    return folder


@pytest.fixture(scope="module")
def examples(checkout: Path) -> list[Example]:
    """The pages without the containers, and without the snippet where its environment is not there."""
    sections = read_sections()
    del sections[IN_A_CONTAINER]
    if snippet_problem():
        del sections[BY_MXNET]
    return type_blocks([block for section in sections.values() for block in section], checkout)


def test_the_commands_and_programs_print_what_the_page_shows(examples: list[Example]) -> None:
    assert_as_shown(examples)


@pytest.mark.image
@pytest.mark.usefixtures("examples")
def test_those_in_a_container_too(checkout: Path) -> None:
    compose_2 = subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
    compose = "docker compose" if compose_2 else "docker-compose"
    names = {"make image\n": "", "docker-compose": compose, "open-linear-learner:dev": IMAGE}
    blocks = read_sections()[IN_A_CONTAINER]
    for name, ours in names.items():
        blocks = [(language, text.replace(name, ours)) for language, text in blocks]
    try:
        assert_as_shown(type_blocks(blocks, checkout))
    finally:
        remove_containers(checkout)
