"""Write docs/performance.md from the results that are kept: `python -m benchmarks.page`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import RESULTS, TOP, Figure, described, number, wanted

PAGE = TOP / "docs" / "performance.md"
PICTURES = {"growth": "growth.svg"}
ORDER = (
    "bank",
    "job",
    "growth",
    "neighbours",
    "quality",
    "recordio",
    "csv",
    "libsvm",
    "pipe",
    "sparse",
    "memory",
    "serving",
    "hosts",
)
HEAD = """# Performance

One program a question. Each prints our figure, those of the references and the ratio, all from the same run, and keeps
them in `benchmarks/results/`; `make bench-page` writes this page from there. Times are the best of a few runs. Where
something is wanted of a figure, it is said beside it, and whether it is so. torch and scikit-learn have as many threads
as suit them best, ours those that `train` sets.
"""


def page(results: Path) -> str:
    """Write the page from the results in a folder."""
    kept = [(name, json.loads(file.read_text())) for name in ORDER if (file := results / f"{name}.json").exists()]
    return "\n".join([HEAD, *(section(name, result) for name, result in kept)])


def section(name: str, result: dict[str, Any]) -> str:
    """Write what one program found."""
    lines = [
        f"## {result['question']}\n",
        f"`{result['command']}`, {result['seconds']} s on {result['date']}; {described(result['machine'])}.\n",
        *([f"![]({PICTURES[name]})\n"] if name in PICTURES else []),
        "| | what | got | wanted |\n|---|---|---|---|",
        *rows([Figure(**figure) for figure in result["figures"]]),
    ]
    return "\n".join(lines) + "\n"


def rows(figures: list[Figure]) -> Iterator[str]:
    """Write a line for each figure; the subject stands where it changes."""
    subject = ""
    for figure in figures:
        first, subject = "" if figure.subject == subject else figure.subject, figure.subject
        yield f"| {first} | {figure.what} | {number(figure.value)} {figure.unit}".rstrip() + f" | {wanted(figure)} |"


if __name__ == "__main__":
    PAGE.write_text(page(RESULTS))
