"""Time the reading of a table against pyarrow, and compare models of the shared tables with scikit-learn's."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow

from benchmarks.data import FOLDER
from benchmarks.measure import Figure, run_benchmark, shortest_times
from container.channels.channel import Channel
from container.contract.environment import ChannelConfig
from container.job.log import JobLog
from container.job.program import Task
from container.job.stop import StopRequest
from container.job.timeline import Timeline
from container.rows.blocks import Block
from linear_learner.artifact.read import load_model
from open_algorithms.doors.encoding import RowEncoder
from open_algorithms.doors.tables import encode_channel, read_as_tables
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.columns.wishes import ColumnWishes
from open_algorithms.learning.job.hosts import SINGLE_HOST
from open_algorithms.learning.rows.csr import as_dense
from open_algorithms.learning.work import ColumnRequest

ROWS, NUMBERS, LEVELS = 1_000_000, 10, (5, 6, 8, 10, 12, 15, 20, 25, 30, 50)
REPEATS = 3
TABLES = FOLDER / "data" / "tables"
KIND = "text/csv;header=present"
NONE: Mapping[str, str] = {}
STRENGTHS = np.geomspace(1e-4, 1e4, 17)
METRICS = {
    "binary_classifier": "binary_log_loss",
    "multiclass_classifier": "multiclass_log_loss",
    "regressor": "mse",
}


def write_table(file: Path) -> None:
    """Write numbers with three decimals, categories whose levels are of any frequency, and a target of two words."""
    generator = np.random.default_rng(0)
    columns: dict[str, Any] = {f"n{i}": (generator.normal(size=ROWS) * 100).round(3) for i in range(NUMBERS)}
    for i, count in enumerate(LEVELS):
        levels = np.array([f"level {level}" for level in range(count)])
        columns[f"c{i}"] = levels[np.minimum(generator.geometric(0.2, ROWS) - 1, count - 1)]
    columns["y"] = np.where(columns["n0"] > 0, "yes", "no")
    arrow.write_csv(pa.table(columns), file)


def open_task(folder: Path) -> Task:
    """Open the train channel of a job."""
    task = Task(JobLog("algo-1", "", open("/dev/null", "w"), emits_metrics=False), StopRequest(), Timeline())  # noqa: SIM115
    task.channels["train"] = Channel(ChannelConfig("train", KIND), folder)
    return task


def ours(file: Path) -> int:
    """Look into the columns and encode all rows, as a job does before its first epoch."""
    task = open_task(file.parent)
    read_as_tables(task, "train", SINGLE_HOST, ColumnRequest(wishes=ColumnWishes("y", class_count=2)))
    return sum(len(y) for _, y in task.channels["train"])


def by_pyarrow(file: Path) -> int:
    """Read and dictionary-encode the same file with all of pyarrow's threads."""
    return int(arrow.read_csv(file, convert_options=arrow.ConvertOptions(auto_dict_encode=True)).num_rows)


def speed_figures() -> Iterator[Figure]:
    """Measure how fast a table is read and encoded."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "rows.csv")
        write_table(file)
        size = file.stat().st_size / 1e6
        best = shortest_times({reader.__name__: partial(reader, file) for reader in (ours, by_pyarrow)}, REPEATS)
    subject = f"{ROWS:,} rows of {NUMBERS} numbers and {len(LEVELS)} categories, {size:.0f} MB"
    for name, taken in best.items():
        yield Figure(subject, name.replace("_", " "), size / taken, "MB/s")
    yield Figure(
        subject, "our speed of pyarrow's, which encodes a dictionary", best["by_pyarrow"] / best["ours"], least=0.5
    )


def train_table(name: str, facts: dict[str, Any], out: Path, settings: Mapping[str, str] = NONE) -> dict[str, float]:
    """Train by one command on the files as they are; return the test scores."""
    files = {split: str(TABLES / name / f"{split}.csv") for split in ("train", "validation", "test")}
    words = ["train", files["train"], "--validation", files["validation"], "--test", files["test"]]
    words += ["--target", facts["target"], "--out", str(out), "--set", f"predictor_type={facts['kind']}"]
    words += [word for setting in settings.items() for word in ("--set", "=".join(setting))]
    subprocess.run([sys.executable, "-m", "open_algorithms.commands", *words], check=True, capture_output=True)
    scores: dict[str, float] = json.loads((out / "report.json").read_text())["channels"]["test"]["scores"]
    return scores


def encode_split(recipe: Recipe, name: str, split: str, folder: Path) -> Block:
    """Return the encoded rows of a split of a table."""
    place = folder / split
    place.mkdir()
    (place / "part").symlink_to((TABLES / name / f"{split}.csv").resolve())
    channel = Channel(ChannelConfig(split, KIND), place)
    log = JobLog("algo-1", "", sys.stderr, emits_metrics=False)
    encode_channel(channel, RowEncoder(recipe, "the model", split, log))
    blocks = list(channel)
    return np.concatenate([as_dense(X) for X, _ in blocks]), np.concatenate([y for _, y in blocks])


def fit_peer(kind: str, splits: dict[str, Block]) -> float:
    """Fit scikit-learn's models on the standardised encoded rows; return the test loss of the best on validation."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.metrics import log_loss, mean_squared_error
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(splits["train"][0])
    X = {split: scaler.transform(rows) for split, (rows, _) in splits.items()}
    y = {split: labels for split, (_, labels) in splits.items()}
    losses = []
    for strength in STRENGTHS:
        if kind == "regressor":
            model = Ridge(strength).fit(X["train"], y["train"])
            found = {split: mean_squared_error(y[split], model.predict(X[split])) for split in X}
        else:
            model = LogisticRegression(C=1 / strength, max_iter=5000).fit(X["train"], y["train"])
            found = {split: log_loss(y[split], model.predict_proba(X[split]), labels=model.classes_) for split in X}
        losses.append((found["validation"], found["test"]))
    return float(min(losses)[1])


def quality_figures() -> Iterator[Figure]:
    """Compare the default model of each shared table with the best of scikit-learn's on the same encoded columns."""
    for name, facts in json.loads((TABLES / "peers.json").read_text()).items():
        with tempfile.TemporaryDirectory() as folder:
            metric = METRICS[facts["kind"]]
            own = train_table(name, facts, Path(folder, "model"))[metric]
            recipe = load_model(Path(folder, "model")).recipe
            assert recipe is not None
            splits = {
                split: encode_split(recipe, name, split, Path(folder)) for split in ("train", "validation", "test")
            }
            peer = fit_peer(facts["kind"], splits)
        yield Figure(name, f"our {metric}", own)
        yield Figure(name, "of scikit-learn's on the same columns", own / peer, most=1.1)
        yield Figure(
            name, "of scikit-learn's pipeline of its own", own / facts.get("log_loss", facts.get("mse")), most=1.1
        )


def figures() -> Iterator[Figure]:
    """Measure speed, then quality where the shared tables are."""
    yield from speed_figures()
    if TABLES.exists():
        yield from quality_figures()


if __name__ == "__main__":
    run_benchmark("How well are tables read?", figures())
