"""Time the whole `train` process on MNIST in recordIO, beside what it cannot do without, in the same run."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import data
from container.codecs.recordio import encode_records

TOP = Path(__file__).resolve().parent.parent
HYPERPARAMETERS = {"predictor_type": "binary_classifier", "mini_batch_size": "1000", "early_stopping_patience": "100"}
REPEATS = 3


def main() -> None:
    """Print the shortest of a few runs, its own time line, and the import of mxnet alone."""
    splits = data.is_zero()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        config = root / "input" / "config"
        config.mkdir(parents=True)
        for split in ("train", "validation"):
            channel = root / "input" / "data" / split
            channel.mkdir(parents=True)
            (channel / "digits.pbr").write_bytes(encode_records(*splits[split]))
        (config / "hyperparameters.json").write_text(json.dumps(HYPERPARAMETERS))
        (config / "inputdataconfig.json").write_text(json.dumps({"train": {}, "validation": {}}))
        runs = [run([str(TOP / "train")], {"SAGEMAKER_BASE_DIR": folder}) for _ in range(REPEATS)]
    imports = min(run(["-c", "from linear_learner.engine import mx"], {})[0] for _ in range(REPEATS))
    seconds, log = min(runs)
    print(f"train on 50,000 x 784, 32 candidates, 15 epochs, batch 1000: {seconds:.2f} s from start to exit")
    print("   ", next(line for line in log.splitlines() if "Time spent" in line).split("] ", 1)[1])
    print(f"    the import of mxnet alone: {imports:.2f} s")


def run(arguments: list[str], environment: dict[str, str]) -> tuple[float, str]:
    """Run a Python process; return its seconds and what it printed."""
    began = time.perf_counter()
    result = subprocess.run(
        [sys.executable, *arguments], cwd=TOP, env={**os.environ, **environment}, capture_output=True, text=True
    )
    if result.returncode:
        sys.exit(result.stdout + result.stderr)
    return time.perf_counter() - began, result.stdout


if __name__ == "__main__":
    main()
