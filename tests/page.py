"""The commands and programs of the pages of docs/, for the tests that run them as printed."""

import re
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
DOCS = TOP / "docs"
GUIDE = ("sagemaker.md", "local_mode.md")


def read_blocks(language: str, *pages: str) -> dict[str, str]:
    """Give the code of that language under each heading of some pages, those of the guide unless said otherwise."""
    found = {}
    text = "\n".join((DOCS / page).read_text(encoding="utf-8") for page in pages or GUIDE)
    for section in re.split(r"^#+ ", text, flags=re.MULTILINE):
        if blocks := re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL):
            found[section.partition("\n")[0]] = "".join(blocks)
    return found


def write_algorithm(folder: Path) -> None:
    """Let the documented command describe the algorithm in `folder` instead of the checkout."""
    (folder / "opt_ml").mkdir(exist_ok=True)
    command = read_blocks("sh")["Tune"].replace("opt_ml/", f"{folder / 'opt_ml'}/")
    subprocess.run(["bash", "-c", command], cwd=TOP, check=True)
