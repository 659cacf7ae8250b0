"""The blocks of a page, typed into a shell: what they print is what the page shows."""

from doctest import ELLIPSIS, OutputChecker
from pathlib import Path
from typing import NamedTuple

from tests.page import run_script

END = "---- the end of a block ----"

Blocks = list[tuple[str, str]]  # language and text


class Example(NamedTuple):
    """What the page shows and what was printed."""

    shown: str
    printed: str


def type_blocks(blocks: Blocks, folder: Path) -> list[Example]:
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
