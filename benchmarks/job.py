"""Time whole `train` processes beside their unavoidable parts, and the parts that are not training."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks import data
from benchmarks.measure import CHECKOUT, Figure, is_chosen, run_benchmark, shortest_times, time_run
from benchmarks.products import Sizes, time_products
from container.codecs.recordio import encode_records

HYPERPARAMETERS = {"predictor_type": "binary_classifier", "mini_batch_size": "1000", "early_stopping_patience": "100"}
MODELS, EPOCHS, BATCH = 32, 15, 1000
REPEATS = 5
SET_BY_TRAIN = ("OMP_NUM_THREADS", "MXNET_USE_OPERATOR_TUNING")
IMPORT = "import numpy; numpy.bool = numpy.bool_; import mxnet"
MNIST, SMALL = "MNIST, 50,000 x 784 in recordIO, 15 epochs", "569 x 30 in CSV"


def figures() -> Iterator[Figure]:
    """Measure both jobs."""
    if is_chosen(MNIST):
        yield from measure_mnist()
    if is_chosen(SMALL):
        yield from measure_small()


def measure_mnist() -> Iterator[Figure]:
    """Measure the job on MNIST."""
    splits = data.load_is_zero()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (config := root / "input" / "config").mkdir(parents=True)
        for split in ("train", "validation"):
            (channel := root / "input" / "data" / split).mkdir(parents=True)
            (channel / "digits.pbr").write_bytes(encode_records(*splits[split]))
        (config / "hyperparameters.json").write_text(json.dumps(HYPERPARAMETERS))
        (config / "inputdataconfig.json").write_text(json.dumps({"train": {}, "validation": {}}))
        file = np.fromfile(root / "input" / "data" / "train" / "digits.pbr", np.uint8)
        copy = np.zeros_like(file)
        logs: list[str] = []
        taken = shortest_times(
            {
                "train": lambda: logs.append(run_python([str(CHECKOUT / "train")], folder)),
                "import of mxnet": lambda: run_python(["-W", "ignore", "-c", IMPORT], folder),
                "import of what we use of it": lambda: run_python(
                    ["-c", "import open_algorithms.learning.engine.mxnet"], folder
                ),
                "copy of the training file in memory": lambda: np.copyto(copy, file),
            },
            REPEATS,
        )
    train, used = taken.pop("train"), taken.pop("import of what we use of it")
    taken |= time_passes(splits, logs[0])
    yield Figure(MNIST, "whole process", train, "s")
    for name, needed in taken.items():
        yield Figure(MNIST, name, needed, "s")
    yield Figure(MNIST, "import of what we use of mxnet", used, "s")
    yield Figure(MNIST, "whole process, of import, copy and products", train / sum(taken.values()), most=1.0)
    parts = {name: min(time_line_seconds(log)[name] for log in logs) for name in time_line_seconds(logs[0])}
    for name, part in parts.items():
        yield Figure(MNIST, f"the part {name!r} of the time line", part, "s")
    yield Figure(MNIST, "validation after each epoch, of training", parts["validate"] / parts["train"], most=0.25)
    yield Figure(MNIST, "selection and calibration, of training", parts["choose"] / parts["train"])


def time_passes(splits: dict[str, data.Split], log: str) -> dict[str, float]:
    """Time the products alone of all passes over the rows: training, validation, and the solving that is logged."""
    (rows, features), held = splits["train"][0].shape, len(splits["validation"][0])
    trained = Sizes(-(-rows // BATCH), BATCH, features + 1, MODELS)
    validated = trained._replace(steps=-(-held // BATCH), has_gradient=False)
    passes = {f"{EPOCHS} x training": (EPOCHS, trained), f"{EPOCHS} x validation": (EPOCHS, validated)}
    for models, count in re.findall(r"Solved (\d+) candidates.* in (\d+) passes", log):
        passes[f"{count} x solving"] = int(count), trained._replace(columns=int(models))
    return {
        f"products alone, {name}": count * min(time_products(sizes, REPEATS).values())
        for name, (count, sizes) in passes.items()
    }


def measure_small() -> Iterator[Figure]:
    """Measure the job on the bundled data, all in one channel."""
    source = CHECKOUT / "examples" / "breast-cancer"
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(source / "config", Path(folder, "input", "config"))
        settings = json.loads((source / "config" / "inputdataconfig.json").read_text())
        Path(folder, "input", "config", "inputdataconfig.json").write_text(json.dumps({"train": settings["train"]}))
        (channel := Path(folder, "input", "data", "train")).mkdir(parents=True)
        for split in ("train", "validation", "test"):
            shutil.copy(source / f"{split}.csv", channel)
        taken = min(time_run(lambda: run_python([str(CHECKOUT / "train")], folder)) for _ in range(REPEATS))
    yield Figure(SMALL, "whole process", taken, "s", most=2.5)


def run_python(arguments: list[str], root: str, **more: str) -> str:
    """Run a Python process, with `more` variables in its environment; return what it printed."""
    environment = {name: value for name, value in os.environ.items() if name not in SET_BY_TRAIN}
    environment |= {"SAGEMAKER_BASE_DIR": root, **more}
    result = subprocess.run([sys.executable, *arguments], cwd=CHECKOUT, env=environment, capture_output=True, text=True)
    if result.returncode:
        sys.exit(result.stdout + result.stderr)
    return result.stdout


def time_line_seconds(log: str) -> dict[str, float]:
    """Return the seconds of each part in a job's time line."""
    line = next(line.partition("Time line: ")[2] for line in log.splitlines() if "Time line: " in line)
    words = [part.split() for part in line.split(", ")[:-1]]
    return {" ".join(name): float(seconds) for *name, seconds, _ in words}


if __name__ == "__main__":
    run_benchmark("What does a whole `train` process take, and how much of it is more than it needs?", figures())
