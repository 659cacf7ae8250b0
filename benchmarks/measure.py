"""Time repeatedly, keep the best, print each figure as it comes, and store all as JSON with command and machine."""

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

CHECKOUT = Path(__file__).resolve().parent.parent
RESULTS = CHECKOUT / "benchmarks" / "results"
PACKAGES = (
    *("mxnet", "numpy", "pyarrow", "scikit-learn", "scipy"),
    *("torch", "liblinear-official", "vowpalwabbit", "polars", "flask", "gunicorn"),
)
REPEATS = 3

Given = ParamSpec("Given")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Figure:
    """A measured number; `least` and `most` are its required bounds, if any."""

    subject: str
    what: str
    value: float
    unit: str = ""
    least: float | None = None
    most: float | None = None

    @property
    def is_met(self) -> bool:
        """Return whether the bounds are met."""
        return not (
            (self.least is not None and self.value < self.least) or (self.most is not None and self.value > self.most)
        )


def format_value(value: float) -> str:
    """Write a number with four digits, or all of those before the point."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def describe_bounds(figure: Figure) -> str:
    """Describe the bounds of a figure and whether they are met; empty without bounds."""
    bounds = [
        f"{word} {format_value(bound)}"
        for word, bound in (("at least", figure.least), ("at most", figure.most))
        if bound is not None
    ]
    return f"{', '.join(bounds)}: {'met' if figure.is_met else 'missed'}" if bounds else ""


def time_run(work: Callable[[], object]) -> float:
    """Time one run."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def shortest_times(
    works: Mapping[str, Callable[[], object]], repeats: int = REPEATS, least_seconds: float = 0.0
) -> dict[str, float]:
    """Time all works in turn, `repeats` times and for `least_seconds`, so that all see the same machine.

    Return the shortest seconds of each.
    """
    rounds: list[dict[str, float]] = []
    began = time.perf_counter()
    while len(rounds) < repeats or time.perf_counter() - began < least_seconds:
        rounds.append({name: time_run(work) for name, work in works.items()})
    return {name: min(times[name] for times in rounds) for name in works}


def run_in_process(threads: int, work: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result:
    """Run a module-level function in a fresh process with `threads` OpenMP threads; return its result."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = str(threads)
    try:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            return pool.submit(work, *given, **named).result()
    finally:
        os.environ.pop("OMP_NUM_THREADS") if before is None else os.environ.update(OMP_NUM_THREADS=before)


def is_chosen(name: str) -> bool:
    """Return whether the program's arguments, parts of names, select this name; without arguments all are selected."""
    return not sys.argv[1:] or any(word in name for word in sys.argv[1:])


def machine_facts() -> dict[str, Any]:
    """Name the processor, its cores and the versions of what is installed here."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
    installed = {dist.name.lower(): dist.version for dist in metadata.distributions()}
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "packages": {name: installed[name] for name in PACKAGES if name in installed},
    }


def run_benchmark(question: str, figures: Iterator[Figure], results: Path = RESULTS) -> list[Figure]:
    """Print the figures as they come; a run without arguments also stores them under the program's name."""
    here, name = machine_facts(), Path(sys.argv[0]).stem
    print(f"{question}\n{describe_machine(here)}", flush=True)
    began, found = time.perf_counter(), []
    for figure in figures:
        found.append(figure)
        line = f"{figure.subject}: {figure.what} {format_value(figure.value)} {figure.unit}".rstrip()
        print(f"    {line}" + (f" ({describe_bounds(figure)})" if describe_bounds(figure) else ""), flush=True)
    if found and not sys.argv[1:]:
        place = Path(os.path.relpath(sys.prefix, CHECKOUT))
        kept = {
            "question": question,
            "command": f"{place}/bin/python -m benchmarks.{name}",
            "date": time.strftime("%Y-%m-%d"),
            "seconds": round(time.perf_counter() - began),
            "machine": here,
            "figures": [figure_to_json(figure) for figure in found],
        }
        (results / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n")
    return found


def figure_to_json(figure: Figure) -> dict[str, Any]:
    """Return a figure as JSON, its value with five digits."""
    kept = {name: value for name, value in asdict(figure).items() if value not in (None, "")}
    return kept | {"value": float(f"{figure.value:.5g}")}


def describe_machine(here: Mapping[str, Any]) -> str:
    """Say in one line what machine it was."""
    versions: Sequence[str] = [f"{name} {version}" for name, version in here["packages"].items()]
    return f"{here['processor']}, {here['cores']} cores, " + ", ".join([f"python {here['python']}", *versions])
