"""Time the whole way from files to a model as good: our `train`, beside grids of scikit-learn and LIBLINEAR.

Each side is a process that reads the rows, ours from recordIO and a peer from an .npz file of sparse rows, which is
faster for both, fits on all processors, chooses on the validation rows and writes its model.
The test rows are read once, by this program, to tell how good the chosen models are.
Arguments choose between the sets by a part of their names: `python -m benchmarks.from_file a9a`.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks import data
from benchmarks.grid_job import FILES, Weights, accuracy, write_rows
from benchmarks.job import run_python
from benchmarks.measure import CHECKOUT, Figure, is_chosen, run_benchmark, shortest_times
from container.codecs.recordio import encode_records
from linear_learner.artifact.read import load_model

LEAST = 5.0
PEERS = {"scikit-learn": "sklearn", "LIBLINEAR": "liblinear"}  # and what they are imported as
PARTS = ("train", "validation")


@dataclass(frozen=True)
class Case:
    """A data set, the hyperparameters of a job with defaults, and how often all sides run."""

    name: str
    load: Callable[[], dict[str, data.Split]]
    hyperparameters: dict[str, str]
    repeats: int


TEN = {"predictor_type": "multiclass_classifier", "num_classes": "10"}
CASES = (
    Case("a9a", data.load_a9a, {"predictor_type": "binary_classifier"}, repeats=5),
    Case("MNIST, ten classes", data.load_mnist, TEN, repeats=2),
)


def figures() -> Iterator[Figure]:
    """Measure both sets."""
    for case in CASES:
        if is_chosen(case.name):
            yield from measure_case(case)


def measure_case(case: Case) -> Iterator[Figure]:
    """Time all sides in turn, then score what they have chosen."""
    splits, peers = case.load(), [name for name, module in PEERS.items() if find_spec(module)]
    for name in PEERS.keys() - peers:
        print(f"    {name} is left out: it is not installed here")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_job(case, splits, root)
        jobs: dict[str, Callable[[], object]] = {"ours": partial(run_python, [str(CHECKOUT / "train")], folder)}
        for name in peers:
            write_peer_files(splits, root / name)
            jobs[name] = partial(run_peer, name, root / name)
        taken = shortest_times(jobs, case.repeats)
        scores = {"ours": score_ours(root / "model", splits)}
        scores |= {name: score_peer(root / name, splits) for name in peers}
    for name, seconds in taken.items():
        yield Figure(case.name, f"{name}, whole process", seconds, "s")
        for part, score in scores[name].items():
            yield Figure(case.name, f"{name}, accuracy on the {part} rows", score)
    for name in peers:
        yield Figure(case.name, f"our speed of {name}'s", taken[name] / taken["ours"], least=LEAST)


def write_job(case: Case, splits: dict[str, data.Split], root: Path) -> None:
    """Write the files of a training job with a validation channel."""
    (config := root / "input" / "config").mkdir(parents=True)
    (config / "hyperparameters.json").write_text(json.dumps(case.hyperparameters))
    (config / "inputdataconfig.json").write_text(json.dumps({part: {} for part in PARTS}))
    for part in PARTS:
        (channel := root / "input" / "data" / part).mkdir(parents=True)
        (channel / "rows.pbr").write_bytes(encode_records(*splits[part]))


def write_peer_files(splits: dict[str, data.Split], folder: Path) -> None:
    """Write the same rows for a peer."""
    folder.mkdir()
    for part, file in zip(PARTS, FILES, strict=False):
        write_rows(folder / file, *splits[part])


def run_peer(name: str, folder: Path) -> None:
    """Run a peer's process."""
    command = [sys.executable, "-m", "benchmarks.grid_job", name, str(folder)]
    alone = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # a fit, beside others
    subprocess.run(command, cwd=CHECKOUT, env=alone, check=True, capture_output=True)


def score_ours(folder: Path, splits: dict[str, data.Split]) -> dict[str, float]:
    """Return the accuracy of our model, with its threshold."""
    model = load_model(folder)
    return {
        part: float(np.mean(model.predict(splits[part][0])["predicted_label"] == splits[part][1]))
        for part in ("validation", "test")
    }


def score_peer(folder: Path, splits: dict[str, data.Split]) -> dict[str, float]:
    """Return the accuracy of a peer's model."""
    with np.load(folder / FILES[-1]) as arrays:
        model = Weights(**arrays)
    return {part: accuracy(model, *splits[part]) for part in ("validation", "test")}


if __name__ == "__main__":
    run_benchmark("How long is it from files to a model as good?", figures())
