"""Time predictions of a large file of CSV, from a command to a file, against reading with pyarrow in the same run."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow

from benchmarks.csv import COLUMNS, NAMES, write_file
from benchmarks.measure import CHECKOUT, Figure, run_benchmark, run_in_process, shortest_times
from linear_learner.artifact.write import write_artifact
from linear_learner.objective.model import LinearModel

COPIES = 4  # of a million rows
REPEATS = 3
LEAST_SPEED, LEAST_SHARE, MOST_BYTES = 150, 0.8, 400e6


def write_rows(file: Path, copies: int) -> None:
    """Write so many copies of a million rows, a label and numbers, below their names."""
    part = file.with_suffix(".part")
    write_file(part)
    with file.open("wb") as whole:
        whole.write((",".join(NAMES) + "\n").encode())
        for _ in range(copies):
            with part.open("rb") as rows:
                shutil.copyfileobj(rows, whole, 1 << 24)
    part.unlink()


def write_model(folder: Path) -> None:
    """Write a model of all columns but the first."""
    weight = np.random.default_rng(0).normal(size=(COLUMNS - 1, 1)).astype(np.float32)
    bias = np.zeros(1, np.float32)
    write_artifact(LinearModel("binary_classifier", "logistic", weight, bias, names=tuple(NAMES[1:])), folder)


def ours(model: Path, file: Path) -> int:
    """Predict by the command, from its start to its end; return the most memory that it held, in bytes.

    That is not less than what whoever starts it holds.
    """
    words = [sys.executable, "-m", "open_algorithms.commands", "predict", str(model), str(file)]
    child = os.posix_spawn(sys.executable, [*words, "--out", f"{file}.predicted"], {**os.environ, "PYTHONPATH": "."})
    _, status, usage = os.wait4(child, 0)
    assert status == 0
    return usage.ru_maxrss << 10


def by_pyarrow(file: Path) -> None:
    """Read all numbers with all of pyarrow's threads, and keep none."""
    options = arrow.ConvertOptions(default_column_type=pa.float64())
    with arrow.open_csv(file, arrow.ReadOptions(block_size=4 << 20), convert_options=options) as reader:
        for _ in reader:
            pass


def by_pyarrow_at_once(file: Path) -> None:
    """Read the whole file with all of pyarrow's threads."""
    arrow.read_csv(file)


def figures() -> Iterator[Figure]:
    """Measure ours against both ways of reading, then our peak memory on this file and on a quarter of it."""
    os.chdir(CHECKOUT)
    with tempfile.TemporaryDirectory() as folder:
        model, file, small = Path(folder, "model"), Path(folder, "rows.csv"), Path(folder, "small.csv")
        model.mkdir()
        write_model(model)
        write_rows(file, COPIES)
        write_rows(small, 1)
        size = file.stat().st_size / 1e6
        works: dict[str, Callable[[], object]] = {
            "ours": partial(ours, model, file),
            "by pyarrow in a stream": partial(by_pyarrow, file),
            "by pyarrow at once": partial(by_pyarrow_at_once, file),
        }
        best = shortest_times(works, REPEATS)
        peak, small_peak = (run_in_process(1, ours, model, rows) for rows in (file, small))
    subject = f"{COPIES:,},000,000 x {COLUMNS}, {size:.0f} MB, from the command to a file"
    for name, taken in best.items():
        yield Figure(subject, name, size / taken, "MB/s")
    reading = min(taken for name, taken in best.items() if name != "ours")
    wanted = min(LEAST_SPEED, LEAST_SHARE * size / reading)
    yield Figure(
        subject,
        "our speed of what is wanted, the least of 150 MB/s and 0.8 of reading",
        size / best["ours"] / wanted,
        least=1,
    )
    yield Figure(subject, "our speed of reading alone", reading / best["ours"])
    yield Figure(subject, "our peak memory", peak / 1e6, "MB", most=MOST_BYTES / 1e6)
    yield Figure(subject, "of that on a quarter of the file", peak / small_peak, most=1.1)


if __name__ == "__main__":
    run_benchmark("How fast is a file predicted?", figures())
