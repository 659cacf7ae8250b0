"""Write docs/performance.md from the results that are kept: `python -m benchmarks.page`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import CHECKOUT, RESULTS, Figure, describe_bounds, describe_machine, format_value
from benchmarks.optimum import SEEDED_TABLES, SMALL

PAGE = CHECKOUT / "docs" / "performance.md"
PICTURES = {"growth": "growth.svg"}
ORDER = (
    "bank",
    "job",
    "from_file",
    "growth",
    "neighbours",
    "estimator",
    "quality",
    "optimum",
    "thresholds",
    "recordio",
    "csv",
    "tables",
    "predict",
    "libsvm",
    "pipe",
    "sparse",
    "clusters",
    "components",
    "pairs",
    "memory",
    "serving",
    "hosts",
)
SUMS = {  # by program, how the subjects begin that sum up, where it has too many to show
    "optimum": ("regressor,", "binary_classifier,", "multiclass_classifier,", "twenty", *SMALL, *SEEDED_TABLES),
}
HEAD = """# Performance

Each section is one program that answers one question. A program prints our figure, those of the references and the
ratio, all from the same run, and stores them in `benchmarks/results/`; `make bench-page` generates this page from
there. `make bench`, `make bench-data`, `make bench-serve` and `make bench-hosts` run the programs. Times are the best
of a few runs. Where a figure has a target, the last column says which, and whether it is met. torch and scikit-learn
run with the number of threads that suits them best, ours with the number that `train` sets. A summary is in [the
comparison](comparison.md#figures).
"""


def performance_page(results: Path) -> str:
    """Write the page from the results in a folder."""
    kept = [(name, json.loads(file.read_text())) for name in ORDER if (file := results / f"{name}.json").exists()]
    return "\n".join([HEAD, *(result_section(name, result) for name, result in kept)])


def is_shown(name: str, figure: Figure) -> bool:
    """Tell whether the page shows a figure of a program."""
    if name not in SUMS:
        return True
    is_of_one_set = figure.subject.endswith((", with validation", ", without validation"))
    return figure.subject.startswith(SUMS[name]) and not (is_of_one_set and figure.subject.startswith(SMALL))


def result_section(name: str, result: dict[str, Any]) -> str:
    """Write what one program found."""
    all_figures = [Figure(**figure) for figure in result["figures"]]
    lines = [
        f"## {result['question']}\n",
        f"`{result['command']}`, {result['seconds']} s on {result['date']}; {describe_machine(result['machine'])}.\n",
        *([f"![]({PICTURES[name]})\n"] if name in PICTURES else []),
        "| | what | got | wanted |\n|---|---|---|---|",
        *figure_rows([figure for figure in all_figures if is_shown(name, figure)]),
    ]
    return "\n".join(lines) + "\n"


def figure_rows(figures: list[Figure]) -> Iterator[str]:
    """Write a line for each figure; the subject stands where it changes."""
    subject = ""
    for figure in figures:
        first, subject = "" if figure.subject == subject else figure.subject, figure.subject
        yield (
            f"| {first} | {figure.what} | {format_value(figure.value)} {figure.unit}".rstrip()
            + f" | {describe_bounds(figure)} |"
        )


if __name__ == "__main__":
    PAGE.write_text(performance_page(RESULTS))
