"""Time an epoch of the default bank while rows, features, candidates, classes and batch size are doubled, and draw it.

The picture is docs/growth.svg; it needs matplotlib.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import matplotlib
from matplotlib import pyplot

from benchmarks.measure import CHECKOUT, Figure, is_chosen, run_benchmark, shortest_times
from benchmarks.problems import default_candidates, make_epoch, make_rows

DOUBLINGS = 5
REPEATS = 3
MOST_OF_EIGHT = 8.2
GREY, BLUE = "#7d8590", "#3b82f6"  # both readable on white and on black


@dataclass(frozen=True)
class GrowthProblem:
    """What an epoch is timed on."""

    rows: int = 40_000
    features: int = 30
    candidates: int = 32
    classes: int = 2
    batch: int = 1000


STARTS = {  # what is doubled, from where
    "rows": GrowthProblem(rows=25_000),
    "features": GrowthProblem(features=25),
    "candidates": GrowthProblem(candidates=8),
    "classes": GrowthProblem(rows=20_000, classes=4),
    "batch": GrowthProblem(batch=125),
}


def epoch_seconds(problem: GrowthProblem) -> float:
    """Time an epoch, the best of a few."""
    rows = make_rows(problem.rows, problem.features, problem.classes)
    settings = default_candidates(problem.batch, problem.classes, problem.candidates)
    epoch = make_epoch(rows, problem.batch, settings, problem.classes)
    return shortest_times({"epoch": epoch}, REPEATS)["epoch"]


def figures() -> Iterator[Figure]:
    """Double one thing after the other."""
    for name, problem in STARTS.items():
        if not is_chosen(name):
            continue
        sizes = [getattr(problem, name) << i for i in range(DOUBLINGS + 1)]
        taken = [epoch_seconds(replace(problem, **{name: size})) for size in sizes]
        for size, value in zip(sizes, taken, strict=True):
            yield Figure(name, f"{size:,}", value * 1000, "ms an epoch")
        if name == "rows":
            worst = max(last / first for first, last in zip(taken, taken[3:], strict=False))
            yield Figure(name, "8 times the rows take, at worst, times as long", worst, most=MOST_OF_EIGHT)


def draw_growth(found: Sequence[Figure]) -> Any:
    """Draw the time against what grows, beside growth in proportion."""
    colours = dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), GREY)
    matplotlib.rcParams.update({**colours, "svg.hashsalt": "growth", "font.size": 9})
    picture, axes = pyplot.subplots(1, len(STARTS), figsize=(12, 2.8), sharey=True, layout="constrained")
    for place, name in zip(axes, STARTS, strict=True):
        points = [figure for figure in found if figure.subject == name and figure.unit]
        sizes = [int(figure.what.replace(",", "")) for figure in points]
        taken = [figure.value for figure in points]
        if name != "batch":
            place.loglog(sizes, [taken[0] * size / sizes[0] for size in sizes], color=GREY, linestyle="--", linewidth=1)
        place.loglog(sizes, taken, color=BLUE, marker="o", markersize=4)
        place.set_xticks(sizes, [f"{size // 1000}k" if size >= 1000 else str(size) for size in sizes])
        place.minorticks_off()
        place.set_title(name, fontsize=10)
        place.grid(color=GREY, alpha=0.25)
        place.spines[["top", "right"]].set_visible(False)
        place.set_facecolor("none")
    axes[0].set_ylabel("ms an epoch (dashed: in proportion)")
    return picture


if __name__ == "__main__":
    found = run_benchmark(
        "How does the time of an epoch grow with rows, features, candidates, classes and batch?", figures()
    )
    if not sys.argv[1:]:
        draw_growth(found).savefig(CHECKOUT / "docs" / "growth.svg", transparent=True, metadata={"Date": None})
