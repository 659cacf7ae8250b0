"""The pages for people, and their commands and programs, for the tests that run these as printed."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.needs import IMAGE
from tests.ports import claim_port
from tests.waiting import HANG_SECONDS

TOP = Path(__file__).resolve().parent.parent
DOCS = TOP / "docs"
README = TOP / "README.md"
GUIDE = ("sagemaker.md", "local_mode.md")
WITHOUT_AWS = ("local.md", "log.md", "model.md", "requests.md", "errors.md")  # in the order in which they are typed


class Block(NamedTuple):
    """A fenced block, and the heading that it stands under."""

    heading: str
    language: str
    text: str


def list_pages() -> list[Path]:
    """Give every page."""
    return [*sorted(TOP.glob("*.md")), *sorted(DOCS.rglob("*.md")), *sorted((TOP / "examples").rglob("*.md"))]


def split_page(page: Path) -> Iterator[Block]:
    """Give the blocks of a page in its order."""
    heading, language, code = "", "", None
    for line in page.read_text(encoding="utf-8").splitlines(keepends=True):
        if fence := re.match(r" *```(\w*)", line):
            if code is None:
                language, code = fence[1], ""
            else:
                yield Block(heading, language, code)
                code = None
        elif code is not None:
            code += line
        elif line.startswith("#"):
            heading = line.lstrip("#").strip()


def read_blocks(language: str, *pages: str) -> dict[str, str]:
    """Give the code of that language under each heading of some pages, those of the guide unless said otherwise."""
    found: dict[str, str] = {}
    for page in pages or GUIDE:
        for block in split_page(DOCS / page):
            if block.language == language:
                found[block.heading] = found.get(block.heading, "") + block.text
    return found


def describe_algorithm(folder: Path) -> None:
    """Run the documented command that describes the algorithm, writing to `folder` instead of the checkout."""
    (folder / "opt_ml").mkdir(exist_ok=True)
    command = read_blocks("sh")["Tune"].replace("opt_ml/", f"{folder / 'opt_ml'}/")
    subprocess.run(["bash", "-c", command], cwd=TOP, check=True)


def run_script(script: str, folder: Path) -> str:
    """Run a shell script on a free port, kill what it leaves running, and return its output."""
    port = str(claim_port())
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
            printed, complaints = shell.communicate(timeout=HANG_SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
    assert shell.returncode == 0, printed[-4000:] + complaints
    return printed
