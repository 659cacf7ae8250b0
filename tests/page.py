"""The commands and programs of a page of docs/, for the tests that run them as printed."""

import re
import subprocess
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"


def read_blocks(language: str, page: str = "sagemaker.md") -> dict[str, str]:
    """Give the code of that language under each heading."""
    found = {}
    for section in re.split(r"^#+ ", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE):
        if blocks := re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL):
            found[section.partition("\n")[0]] = "".join(blocks)
    return found


def write_algorithm(folder: Path) -> None:
    """Let the command of the page describe the algorithm in `folder` instead of the checkout."""
    (folder / "opt_ml").mkdir(exist_ok=True)
    command = read_blocks("sh")["Tune"].replace("opt_ml/", f"{folder / 'opt_ml'}/")
    subprocess.run(["bash", "-c", command], cwd=PAGE.parent.parent, check=True)
