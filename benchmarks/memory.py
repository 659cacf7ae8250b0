"""Train on data far larger than the memory that a control group allows: streams of two lengths, and files.

Arguments choose between the algorithms by a part of their names: `python -m benchmarks.memory k_means`.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import Process
from pathlib import Path

import numpy as np

from benchmarks.measure import CHECKOUT, Figure, is_chosen, run_benchmark
from container.codecs.recordio import encode_records

LIMIT = 1 << 30
PIECE_ROWS, FEATURES = 16_000, 784
HYPERPARAMETERS = {
    "linear_learner": {"predictor_type": "binary_classifier", "epochs": "2", "mini_batch_size": "1000"},
    "k_means": {"k": "10"},
    "pca": {"num_components": "10", "mini_batch_size": "500"},
}
GROUPS = Path("/sys/fs/cgroup")


def figures() -> Iterator[Figure]:
    """Measure the peak memory of the whole `train` process of each algorithm, under the same limit."""
    piece = encode_records(*draw_problem())
    with limited_group() as enter:
        for algorithm in filter(is_chosen, HYPERPARAMETERS):
            yield from measure_jobs(algorithm, piece, enter)


def measure_jobs(algorithm: str, piece: bytes, enter: Callable[[], None]) -> Iterator[Figure]:
    """Measure the jobs of an algorithm."""
    peaks = []
    for gigabytes in (2, 8):
        fill = partial(fill_fifos, piece, gigabytes << 30)
        peaks.append(run_job(algorithm, "Pipe", enter, fill))
        yield Figure(f"{algorithm}, a stream of {gigabytes} GB", "at most", peaks[-1], "MiB", most=LIMIT >> 20)
    files = run_job(algorithm, "File", enter, partial(fill_files, piece, 3 << 30))
    yield Figure(f"{algorithm}, 3 GB of files", "at most", files, "MiB")
    yield Figure(f"{algorithm}, the longer stream", "of the shorter one's memory", peaks[1] / peaks[0])


def draw_problem() -> tuple[
    np.ndarray[tuple[int, ...], np.dtype[np.float32]], np.ndarray[tuple[int, ...], np.dtype[np.float32]]
]:
    """Draw rows whose label is a noisy linear function of the features."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=(PIECE_ROWS, FEATURES)).astype(np.float32)
    margin = X @ generator.normal(size=FEATURES) + 5 * generator.normal(size=PIECE_ROWS)
    return X, (margin > 0).astype(np.float32)


def run_job(algorithm: str, mode: str, enter: Callable[[], None], fill: Callable[[Path], Process | None]) -> float:
    """Run `train` inside the group; return the most that it held, in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        config = root / "input" / "config"
        config.mkdir(parents=True)
        (root / "input" / "data").mkdir()
        (config / "hyperparameters.json").write_text(json.dumps(HYPERPARAMETERS[algorithm]))
        (config / "inputdataconfig.json").write_text(json.dumps({"train": {"TrainingInputMode": mode}}))
        writer = fill(root)
        process = subprocess.Popen(
            [sys.executable, str(CHECKOUT / "train")],
            cwd=CHECKOUT,
            env={**os.environ, "SAGEMAKER_BASE_DIR": folder, "ALGORITHM": algorithm},
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=enter,
        )
        assert process.stdout is not None
        log = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if writer is not None:
            writer.terminate()
            writer.join()
        if status or not (root / "model" / "model_algo-1").is_file():
            sys.exit(f"{algorithm}, {mode} mode: train ended with {status}\n{log[-3000:]}")
    return usage.ru_maxrss / 1024


def fill_fifos(piece: bytes, size: int, root: Path) -> Process:
    """Write the same bytes to one FIFO a pass, created on demand, in a process of its own."""

    def write_passes() -> None:
        for epoch in range(1000):
            fifo = root / "input" / "data" / f"train_{epoch}"
            os.mkfifo(fifo)
            try:
                with fifo.open("wb", buffering=0) as pipe:
                    for _ in range(size // len(piece)):
                        pipe.write(piece)
            except BrokenPipeError:
                pass

    writer = Process(target=write_passes, daemon=True)
    writer.start()
    return writer


def fill_files(piece: bytes, size: int, root: Path) -> None:
    """Write files of 512 MB and some."""
    folder = root / "input" / "data" / "train"
    folder.mkdir()
    for number in range(size >> 29):
        with (folder / f"part-{number}").open("wb") as file:
            for _ in range((1 << 29) // len(piece)):
                file.write(piece)


@contextmanager
def limited_group() -> Iterator[Callable[[], None]]:
    """Make a control group with a memory limit (version 1 or 2); yield a function by which a process enters it."""
    first = GROUPS / "memory"
    group = (first if first.is_dir() else GROUPS) / f"linear-learner-{os.getpid()}"
    try:
        group.mkdir()
        (group / ("memory.limit_in_bytes" if first.is_dir() else "memory.max")).write_text(str(LIMIT))
    except OSError as error:
        sys.exit(f"No control group with a memory limit can be made here ({error}); run this as root.")

    def enter_group() -> None:
        (group / "cgroup.procs").write_text(str(os.getpid()))

    try:
        yield enter_group
    finally:
        group.rmdir()


if __name__ == "__main__":
    run_benchmark(f"How much memory does `train` take under a limit of {LIMIT >> 20} MiB?", figures())
