"""Train on MNIST and serve beside busy processes on two processors, by the native library and by MXNet's operators.

Needs wrk for the server (Debian's package of that name). Training takes the shortest of several times, as the machine
may have neighbours of its own; serving takes medians.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks import data
from benchmarks.measure import Figure, is_chosen, run_benchmark, run_in_process
from benchmarks.problems import PROCESSORS, default_candidates
from benchmarks.serving import (
    FEATURES,
    KINDS,
    SCRIPT,
    WORKERS,
    load_with_wrk,
    save_model,
    serve_ours,
    write_bodies,
)
from container.team.network import find_free_port
from linear_learner.bank.sliced import Engine, SlicedBank, choose_engine
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.training.initial import draw_initial_weights
from open_algorithms.learning.job.hosts import SINGLE_HOST
from open_algorithms.learning.rows.dense import Design, build_dense_rows, epoch_order
from open_algorithms.learning.rows.scaling import fit_scaler

BATCHES = (200, 1000)
EPOCHS = 15
ROUNDS = 5
BESIDE = {0: "alone", 1: "beside one", 2: "beside two"}
MOST = {1: 1.8, 2: 2.6}
BUSY = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: pass"


@contextmanager
def busy_neighbours(count: int) -> Iterator[None]:
    """Run so many busy processes until the end of the block, or of this process, however it comes."""
    with ExitStack() as stack:
        for _ in range(count):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", BUSY]))
            stack.callback(process.kill)
        yield


def train_bank(batch: int, by_operators: bool) -> tuple[float, str]:
    """Train and evaluate the default bank; return the seconds of all epochs and a digest of the results.

    It is that of the native library, or where `by_operators`, that of MXNet's.
    """
    splits = data.load_is_zero()
    X, y = splits["train"]
    scaler = fit_scaler(X, y, unbias_data=True, normalize_data=True, unbias_label=False, normalize_label=False)
    rows, validation = (
        build_dense_rows([splits[name]], scaler, X.shape[1], Design(is_signed=True)) for name in ("train", "validation")
    )
    settings = default_candidates(batch)
    start = draw_initial_weights(range(len(settings)), 1, X.shape[1], seed=0, method="uniform", spread=0.07, bias=0.0)
    engine = Engine(None, PROCESSORS) if by_operators else choose_engine(PROCESSORS, SINGLE_HOST, is_sparse=False)
    bank = SlicedBank(settings, start, Objective(LOSSES["logistic"]), batch, engine=engine)
    generator, digest = np.random.default_rng(0), sha256()
    began = time.perf_counter()
    for _ in range(EPOCHS):
        lost = bank.train(rows, epoch_order(len(rows), generator))
        digest.update(
            b"".join(part.tobytes() for part in (lost, *bank.evaluate(validation, margin_rows=len(validation))))
        )
    seconds = time.perf_counter() - began
    digest.update(bank.take_snapshot().tobytes())
    return seconds, digest.hexdigest()


def measure_training(batch: int) -> Iterator[Figure]:
    """Measure the loop of a job by either engine, in turns."""
    subject = f"MNIST, mini-batches of {batch:,}: {EPOCHS} epochs, each judged on the validation channel"
    taken: dict[tuple[bool, int], list[float]] = {}
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for _ in range(ROUNDS):
        for by_operators in found:
            for busy in BESIDE:
                with busy_neighbours(busy):
                    seconds, digest = run_in_process(1, train_bank, batch, by_operators)
                taken.setdefault((by_operators, busy), []).append(seconds)
                found[by_operators].add(digest)
    alone, alone_by_operators = min(taken[False, 0]), min(taken[True, 0])
    yield Figure(subject, "alone", alone, "s")
    yield Figure(subject, "alone, our speed of MXNet's operators", alone_by_operators / alone)
    for busy, most in MOST.items():
        yield Figure(subject, f"{BESIDE[busy]}, of alone", min(taken[False, busy]) / alone, most=most)
        yield Figure(
            subject, f"{BESIDE[busy]}, our speed of MXNet's operators", min(taken[True, busy]) / min(taken[False, busy])
        )
    yield Figure(subject, f"different bits of {2 * 3 * ROUNDS} runs", sum(map(len, found.values())) - 2, most=0)


def measure_serving() -> Iterator[Figure]:
    """Measure the server, in turns."""
    body = write_bodies(np.random.default_rng(0).normal(size=(1, FEATURES)).astype(np.float32))["CSV"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_model(folder)
        (file := folder / "body").write_bytes(body)
        (script := folder / "post.lua").write_text(SCRIPT)
        rounds: dict[int, list[tuple[float, float]]] = {busy: [] for busy in BESIDE}
        with serve_ours(folder, port := find_free_port("127.0.0.1"), WORKERS):
            for _ in range(ROUNDS):
                for busy, loads in rounds.items():
                    with busy_neighbours(busy):
                        loads.append(load_with_wrk(port, file, KINDS["CSV"], script))
    subject = f"one CSV record of {FEATURES}, {WORKERS} workers"
    for busy, loads in rounds.items():
        rates, late = zip(*loads, strict=True)
        yield Figure(subject, f"requests, {BESIDE[busy]}", median(rates), "1/s")
        yield Figure(subject, f"99th percentile, {BESIDE[busy]}", median(late), "ms")


def figures() -> Iterator[Figure]:
    """Measure both."""
    if PROCESSORS < 2:
        sys.exit("one processor is no place for neighbours: at least two are needed")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    for batch in BATCHES:
        if is_chosen(f"training {batch}"):
            yield from measure_training(batch)
    if is_chosen("serving"):
        if shutil.which("wrk") is None:
            sys.exit("wrk is missing; on Debian: apt-get install wrk")
        yield from measure_serving()


if __name__ == "__main__":
    run_benchmark("How much slower are training and serving beside busy processes?", figures())
